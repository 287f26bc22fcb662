// A Parquet file of a few small columns: one row group, plain encoding, nothing compressed.
// https://github.com/apache/parquet-format; metadata in Thrift's compact protocol.
const BYTE_ARRAY = 6,
    INT32 = 1,
    DOUBLE = 5,
    BOOLEAN = 0;

class Bytes {
    constructor() {
        this.list = [];
    }
    push(...bytes) {
        for (const byte of bytes) this.list.push(byte & 255);
        return this;
    }
    add(other) {
        for (const byte of other) this.list.push(byte);
        return this;
    }
    varint(n) {
        while (n > 127) {
            this.push((n % 128) | 128);
            n = Math.floor(n / 128);
        }
        return this.push(n);
    }
    zigzag(n) {
        return this.varint(n < 0 ? -2 * n - 1 : 2 * n);
    }
    fixed(n, size, method) {
        const view = new DataView(new ArrayBuffer(size));
        view[method](0, n, true);
        return this.add(new Uint8Array(view.buffer));
    }
}

/** Thrift: a struct of [id, type, value]; types are those of the compact protocol. */
const I32 = 5,
    I64 = 6,
    TEXT = 8,
    LIST = 9,
    STRUCT = 12;
function struct(fields) {
    const out = new Bytes();
    let last = 0;
    for (const [id, type, value] of fields) {
        out.push(((id - last) << 4) | type);
        last = id;
        if (type === I32 || type === I64) out.zigzag(value);
        else if (type === TEXT) text(out, value);
        else if (type === STRUCT) out.add(value);
        else list(out, ...value);
    }
    return out.push(0).list;
}
function text(out, value) {
    const bytes = new TextEncoder().encode(value);
    out.varint(bytes.length).add(bytes);
}
function list(out, type, items) {
    if (items.length < 15) out.push((items.length << 4) | type);
    else out.push(0xf0 | type).varint(items.length);
    for (const item of items) {
        if (type === I32) out.zigzag(item);
        else if (type === TEXT) text(out, item);
        else out.add(item);
    }
}

function typeOf(values) {
    if (typeof values[0] === "string") return BYTE_ARRAY;
    if (typeof values[0] === "boolean") return BOOLEAN;
    return values.every(Number.isInteger) ? INT32 : DOUBLE;
}

function plain(type, values) {
    const out = new Bytes();
    if (type === BOOLEAN) {
        for (let i = 0; i < values.length; i += 8)
            out.push(values.slice(i, i + 8).reduce((bits, value, place) => bits | (value << place), 0));
        return out.list;
    }
    for (const value of values) {
        if (type === INT32) out.fixed(value, 4, "setInt32");
        else if (type === DOUBLE) out.fixed(value, 8, "setFloat64");
        else {
            const bytes = new TextEncoder().encode(value);
            out.fixed(bytes.length, 4, "setUint32").add(bytes);
        }
    }
    return out.list;
}

/** The bytes of a file: `columns` are [name, values, type or nothing], none of them null. */
function parquetOf(columns, about) {
    const magic = new TextEncoder().encode("PAR1"),
        count = columns[0][1].length;
    const out = new Bytes().add(magic);
    const schema = [
        struct([
            [4, TEXT, "schema"],
            [5, I32, columns.length],
        ]),
    ];
    const chunks = columns.map(([name, values, forced]) => {
        const type = forced ?? typeOf(values),
            offset = out.list.length,
            body = plain(type, values);
        const header = struct([
            [1, I32, 0],
            [2, I32, body.length],
            [3, I32, body.length],
            [
                5,
                STRUCT,
                struct([
                    [1, I32, count],
                    [2, I32, 0],
                    [3, I32, 3],
                    [4, I32, 3],
                ]),
            ],
        ]);
        out.add(header).add(body);
        const size = out.list.length - offset;
        schema.push(
            struct([
                [1, I32, type],
                [3, I32, 0],
                [4, TEXT, name],
                ...(type === BYTE_ARRAY ? [[6, I32, 0]] : []),
            ]),
        );
        const meta = struct([
            [1, I32, type],
            [2, LIST, [I32, [0]]],
            [3, LIST, [TEXT, [name]]],
            [4, I32, 0],
            [5, I64, count],
            [6, I64, size],
            [7, I64, size],
            [9, I64, offset],
        ]);
        return [
            struct([
                [2, I64, offset],
                [3, STRUCT, meta],
            ]),
            size,
        ];
    });
    const total = chunks.reduce((sum, [, size]) => sum + size, 0);
    const group = struct([
        [1, LIST, [STRUCT, chunks.map(([chunk]) => chunk)]],
        [2, I64, total],
        [3, I64, count],
    ]);
    const noted = Object.entries(about).map(([key, value]) =>
        struct([
            [1, TEXT, key],
            [2, TEXT, value],
        ]),
    );
    const footer = struct([
        [1, I32, 1],
        [2, LIST, [STRUCT, schema]],
        [3, I64, count],
        [4, LIST, [STRUCT, [group]]],
        [5, LIST, [STRUCT, noted]],
        [6, TEXT, "demoscope"],
    ]);
    return Uint8Array.from(out.add(footer).fixed(footer.length, 4, "setUint32").add(magic).list);
}
