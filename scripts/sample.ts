// Makes the sample workspace of the demo, of `npm start` and of the tests: `node scripts/sample.ts <folder>`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';

/**
 * Makes a folder with the shop database and the settings that name it `default`. The folder may exist, the database must not.
 *
 * Shape: `<folder>/shop.sqlite3` and `<folder>/.vscode/settings.json`. Returns the path of the database.
 */
export function createSampleWorkspace(folder: string, size: ShopSize = {}): string {
  mkdirSync(join(folder, '.vscode'), { recursive: true });
  const settings = { 'dbbackup.databases': { default: { ENGINE: 'sqlite3', NAME: '${workspaceFolder}/shop.sqlite3' } } };
  writeFileSync(join(folder, '.vscode', 'settings.json'), `${JSON.stringify(settings, undefined, 2)}\n`);
  const file = join(folder, 'shop.sqlite3');
  createShop(file, size);
  return file;
}

/** How many orders the shop has, 40,000 by default. Customers are a quarter of them, order lines two and a half times as many. */
export interface ShopSize {
  readonly orders?: number;
}

/**
 * Makes the SQLite database of a shop: the same rows on every machine.
 *
 * Shape: customers, products, orders, order_lines, stock_log, a full-text index, a view, triggers and indexes;
 *        about 190,000 rows and 7 MB with the default size.
 */
export function createShop(file: string, { orders = 40_000 }: ShopSize = {}): void {
  const shop = new Database(file);
  try {
    shop.pragma('journal_mode = WAL');
    shop.pragma('synchronous = OFF');
    shop.exec(schema);
    shop.transaction(() => fill(shop, orders))();
    shop.exec(schemaAfterRows);
    shop.pragma('user_version = 7');
    shop.pragma('wal_checkpoint(TRUNCATE)');
  } finally {
    shop.close();
  }
}

const schema = `
CREATE TABLE customers (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  email TEXT NOT NULL UNIQUE,
  city TEXT NOT NULL,
  joined TEXT NOT NULL
);
CREATE TABLE products (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  sku TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  price REAL NOT NULL CHECK (price > 0),
  stock INTEGER NOT NULL DEFAULT 0,
  picture BLOB,
  price_with_tax REAL GENERATED ALWAYS AS (round(price * 1.19, 2)) VIRTUAL
);
CREATE TABLE orders (
  id INTEGER PRIMARY KEY,
  customer_id INTEGER NOT NULL REFERENCES customers (id),
  placed TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'paid', 'sent', 'returned')),
  note TEXT
);
CREATE TABLE order_lines (
  order_id INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
  line INTEGER NOT NULL,
  product_id INTEGER NOT NULL REFERENCES products (id),
  quantity INTEGER NOT NULL,
  price REAL NOT NULL,
  PRIMARY KEY (order_id, line)
) WITHOUT ROWID;
CREATE TABLE stock_log (id INTEGER PRIMARY KEY AUTOINCREMENT, product_id INTEGER NOT NULL, before INTEGER, after INTEGER);
CREATE VIRTUAL TABLE product_search USING fts5 (name, description, content = 'products', content_rowid = 'id');
`;

const schemaAfterRows = `
CREATE INDEX orders_by_customer ON orders (customer_id, placed);
CREATE INDEX open_orders ON orders (placed) WHERE state = 'open';
CREATE INDEX customers_by_name ON customers (lower(name));
CREATE VIEW order_totals AS
  SELECT o.id, o.customer_id, o.placed, sum(l.quantity * l.price) AS total
  FROM orders o JOIN order_lines l ON l.order_id = o.id
  GROUP BY o.id;
CREATE TRIGGER log_stock AFTER UPDATE OF stock ON products
WHEN new.stock IS NOT old.stock
BEGIN
  INSERT INTO stock_log (product_id, before, after) VALUES (new.id, old.stock, new.stock);
END;
CREATE TRIGGER index_product AFTER INSERT ON products
BEGIN
  INSERT INTO product_search (rowid, name, description) VALUES (new.id, new.name, new.description);
END;
ANALYZE;
`;

function fill(shop: Database.Database, orders: number): void {
  const random = createRandom(20_260_101);
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = (words: readonly string[]): string => words[below(words.length)] ?? '';
  const customers = Math.max(1, Math.round(orders / 4));
  const products = 1000;

  const addCustomer = shop.prepare('INSERT INTO customers VALUES (?, ?, ?, ?, ?)');
  for (let id = 1; id <= customers; id++) {
    addCustomer.run(id, `${pick(firstNames)} ${pick(lastNames)}`, `customer${id}@example.org`, pick(cities), day(below(2000)));
  }
  const addProduct = shop.prepare(
    'INSERT INTO products (sku, name, description, price, stock, picture) VALUES (?, ?, ?, ?, ?, ?)',
  );
  for (let id = 1; id <= products; id++) {
    const name = `${pick(qualities)} ${pick(things)}`;
    const description = Array.from({ length: 12 }, () => pick([...qualities, ...things])).join(' ');
    const picture = Buffer.from(Array.from({ length: 64 }, () => below(256)));
    addProduct.run(`SKU-${String(id).padStart(5, '0')}`, name, description, 0.99 + below(20_000) / 100, below(500), picture);
  }
  shop.exec(`INSERT INTO product_search (product_search) VALUES ('rebuild')`);
  const addOrder = shop.prepare('INSERT INTO orders VALUES (?, ?, ?, ?, ?)');
  const addLine = shop.prepare('INSERT INTO order_lines VALUES (?, ?, ?, ?, ?)');
  for (let id = 1; id <= orders; id++) {
    addOrder.run(id, 1 + below(customers), day(below(2000)), pick(states), below(10) === 0 ? pick(notes) : null);
    const lines = 1 + below(4);
    for (let line = 1; line <= lines; line++)
      addLine.run(id, line, 1 + below(products), 1 + below(5), 0.99 + below(20_000) / 100);
  }
  const logStock = shop.prepare('INSERT INTO stock_log (product_id, before, after) VALUES (?, ?, ?)');
  for (let id = 1; id <= orders; id++) logStock.run(1 + below(products), below(500), below(500));
}

/** The generator named mulberry32: small, fast, the same numbers everywhere. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function day(number: number): string {
  return new Date(Date.UTC(2021, 0, 1 + number)).toISOString().slice(0, 10);
}

const firstNames = ['Ada', 'Björn', 'Chloë', 'Dmitri', 'Eun-ji', 'Fatima', 'Giovanni', 'Hana', "D'Arcy", 'José', '美咲', 'Zoë'];
const lastNames = [
  'Ferreira',
  'Grünwald',
  "O'Neill",
  'Okafor',
  'Petrov',
  'Quispe',
  'Rossi',
  'Sato',
  'Tanaka',
  'Ünal',
  'Võ',
  'Weiß',
];
const cities = ['Lagos', 'Lisbon', 'Lima', 'Kraków', 'Kyoto', 'São Paulo', 'Tromsø', 'Zürich'];
const qualities = ['light', 'sturdy', 'folding', 'green', 'quiet', 'warm', 'second-hand', 'waterproof', 'small', 'bright'];
const things = ['lamp', 'chair', 'kettle', 'backpack', 'tent', 'radio', 'shelf', 'bicycle', 'blanket', 'notebook'];
const states = ['open', 'paid', 'sent', 'sent', 'sent', 'returned'];
const notes = [
  'Ring twice; the bell is broken.',
  "It's a present 🎁",
  'First line\nSecond line',
  'Leave it with the "blue" door',
];

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = resolve(process.argv[2] ?? 'sample');
  process.stdout.write(`${createSampleWorkspace(folder)}\n`);
}
