// Whole numbers as people read them; formats.py writes them alike.
const MINUS = "\u2212",
    EN_DASH = "\u2013";
const formats = {
    signed: (n) =>
        `${n < 0 ? MINUS : "+"}${Math.floor(Math.abs(n) / 100)}.${String(Math.abs(n) % 100).padStart(2, "0")}`,
    percent: (n) => (n <= 0 ? "<1%" : n >= 100 ? ">99%" : `${n}%`),
    share: (n) => `${Math.floor(n / 10)}.${n % 10}%`,
    count: (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ","),
    lastRank: (first, last) => (first === last ? "" : `${EN_DASH}${last}`),
    change: (n) => (n === null ? "" : n === 0 ? "=" : `${n > 0 ? "▲" : "▼"} ${Math.abs(n)}`),
    changeInWords: (n) =>
        n === null
            ? "not on the other board"
            : n === 0
              ? "same rank"
              : `${Math.abs(n)} ${n > 0 ? "higher" : "lower"}`,
    provisional: (one) =>
        one.hasFewBattles || one.hasWideInterval
            ? `provisional: ${[one.hasFewBattles && "few battles", one.hasWideInterval && "wide interval"].filter(Boolean).join(", ")}`
            : "",
    escape: (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`),
};
