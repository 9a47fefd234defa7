import { statSync } from 'node:fs';
import Database from 'better-sqlite3';

/** Every value is shorter than this. Units: bytes. */
export const longestValueBytes = 2048;

const schema = `
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, city TEXT, joined TEXT NOT NULL);
CREATE TABLE orders (
  id INTEGER PRIMARY KEY,
  customer_id INTEGER NOT NULL REFERENCES customers (id),
  placed TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'paid', 'sent')),
  total REAL NOT NULL,
  note TEXT
);
CREATE TABLE order_lines (
  id INTEGER PRIMARY KEY,
  order_id INTEGER NOT NULL REFERENCES orders (id),
  product TEXT NOT NULL,
  quantity INTEGER NOT NULL,
  price REAL NOT NULL
);
CREATE TABLE events (id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, kind TEXT NOT NULL, payload TEXT);
CREATE TABLE files (name TEXT PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID;
`;

const indexes = `
CREATE INDEX orders_by_customer ON orders (customer_id, placed);
CREATE INDEX lines_by_order ON order_lines (order_id);
CREATE INDEX events_by_time ON events (at);
CREATE VIEW order_totals AS SELECT order_id, sum(quantity * price) AS total FROM order_lines GROUP BY order_id;
`;

const day = `date('2021-01-01', '+' || (i * 7919 % 1800) || ' days')`;
const numbers = (first: number, last: number): string =>
  `WITH RECURSIVE numbers (i) AS (SELECT ${first} UNION ALL SELECT i + 1 FROM numbers WHERE i < ${last})`;

/** Adds what belongs to the orders from `first` to `last`: about 600 bytes each. */
function batch(first: number, last: number): string {
  return `
${numbers(Math.ceil(first / 4), Math.floor(last / 4))}
INSERT INTO customers SELECT i, 'Customer ' || (i * 31 % 977) || ' O''Neill', 'customer' || i || '@example.org',
  CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN 'Kraków' ELSE 'Lisbon' END, ${day} FROM numbers;
${numbers(first, last)}
INSERT INTO orders SELECT i, 1 + i * 7 % ${Math.ceil(last / 4)}, ${day}, CASE i % 3 WHEN 0 THEN 'open' WHEN 1 THEN 'paid' ELSE 'sent' END,
  (i * 7919 % 100000) / 100.0, CASE WHEN i % 10 = 0 THEN 'It''s a present for number ' || i END FROM numbers;
${numbers(2 * first, 2 * last + 1)}
INSERT INTO order_lines SELECT i, i / 2, 'product ' || (i * 13 % 4999), 1 + i % 5, (i * 104729 % 20000) / 100.0 FROM numbers;
${numbers(first, last)}
INSERT INTO events (at, kind, payload) SELECT ${day} || 'T12:00:00Z', CASE i % 2 WHEN 0 THEN 'seen' ELSE 'clicked' END,
  '{"order":' || i || ',"session":"' || hex(randomblob(12)) || '","agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36","path":"/products/'
  || (i * 13 % 4999) || '","took":' || (i * 31 % 997) || ',"words":"' || substr('${words}', 1 + i * 17 % 400, 60 + i % 200) || '"}' FROM numbers;
${numbers(Math.ceil(first / 20), Math.floor(last / 20))}
INSERT INTO files SELECT 'picture-' || i || '.png', randomblob(200 + i * 37 % 1800) FROM numbers;
`;
}

const words =
  'light sturdy folding green quiet warm second-hand waterproof small bright lamp chair kettle backpack tent radio shelf bicycle blanket notebook '.repeat(
    5,
  );

/**
 * Makes a database of about that size, with the kinds of rows that applications have: numbers, texts, dates, NULLs, JSON, BLOBs, indexes.
 *
 * Units: MiB. Takes about a second per 100 MiB.
 */
export function createTestDatabase(file: string, sizeMib: number, journalMode: 'wal' | 'delete'): void {
  const ordersPerBatch = sizeMib < 50 ? 2000 : 40_000;
  const database = new Database(file);
  try {
    database.pragma('journal_mode = OFF');
    database.pragma('synchronous = OFF');
    database.exec(schema);
    // The indexes make up for the rest.
    for (let first = 1; statSync(file).size < sizeMib * 1_048_576 * 0.9; first += ordersPerBatch) {
      database.exec(`BEGIN; ${batch(first, first + ordersPerBatch - 1)} COMMIT;`);
    }
    database.exec(indexes);
    database.pragma(`journal_mode = ${journalMode}`);
  } finally {
    database.close();
  }
}
