// Sycophancy is the same for every board: its table and sentences are written by the template.
sections.push({ draw() {} });
