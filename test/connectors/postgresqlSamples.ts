/** Every kind of object and value that a plain dump can restore over itself. */
export const sampleSql = `
  CREATE SCHEMA audit; CREATE SCHEMA "Mixed Schema";
  CREATE TYPE mood AS ENUM ('sad', 'o''k', 'happy'); CREATE DOMAIN positive AS int CHECK (VALUE > 0);
  CREATE TYPE pair AS (a int, b text);
  CREATE TABLE customers (id serial PRIMARY KEY, name text NOT NULL, mood mood, tags text[], extra jsonb, at timestamptz DEFAULT '2020-01-01Z', p pair);
  CREATE TABLE orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer int REFERENCES customers, amount numeric(20,4), n positive,
    double int GENERATED ALWAYS AS (n * 2) STORED, b bytea);
  CREATE TABLE audit.log (id bigserial PRIMARY KEY, what text);
  CREATE TABLE "Mixed Schema"."select ""From"" -- x" ("order" int PRIMARY KEY, "Größe" text, "a;b" float8);
  CREATE UNLOGGED TABLE fast (a int);
  CREATE INDEX orders_amount ON orders (amount DESC) WHERE amount > 0;
  CREATE VIEW rich AS SELECT c.name, sum(o.amount) AS total FROM customers c JOIN orders o ON o.customer = c.id GROUP BY 1;
  CREATE MATERIALIZED VIEW totals AS SELECT count(*) AS n FROM orders;
  CREATE SEQUENCE lonely START 5 INCREMENT 3; SELECT nextval('lonely'), nextval('lonely');
  CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $body$
  BEGIN
    -- a comment; COMMIT;
    INSERT INTO audit.log (what) VALUES (TG_OP || E'\\\\restrict');
    RETURN NEW;
  END $body$;
  CREATE FUNCTION one() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; END;
  CREATE TRIGGER touched AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION touch();
  CREATE POLICY own ON customers USING (name = current_user); ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
  COMMENT ON TABLE customers IS 'line one
COMMIT;
''quoted'' line';
  GRANT SELECT ON customers TO PUBLIC;
  INSERT INTO customers (name, mood, tags, extra, p) SELECT 'name ' || i, (ARRAY['sad','o''k','happy'])[i % 3 + 1]::mood, ARRAY['a', NULL, 'b"c', i::text],
    jsonb_build_object('i', i, 'é', 'ü\\n'), ROW(i, 'x'::text)::pair FROM generate_series(1, 200) i;
  INSERT INTO customers (name) VALUES (E'\\\\.'), (E'\\\\restrict abc'), (E'tab\\there\\nnewline\\\\'), ('COPY x FROM stdin;'), ('');
  INSERT INTO orders (customer, amount, n, b) SELECT i % 200 + 1, i * 1.5, i, decode(md5(i::text), 'hex') FROM generate_series(1, 1000) i;
  INSERT INTO "Mixed Schema"."select ""From"" -- x" VALUES (1, 'ß', 'NaN'), (2, NULL, '-Infinity'), (3, '\\N', 0.1);
  SELECT lo_from_bytea(0, decode(repeat('00ff', 5000), 'hex')), lo_from_bytea(0, 'small');
  REFRESH MATERIALIZED VIEW totals;`;

/** What only an archive can restore over itself, and what only a superuser may make. */
export const archiveSql = `${sampleSql}
  CREATE TABLE events (id int, at date, note text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
  CREATE TABLE events_2020 PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
  CREATE TABLE events_2021 PARTITION OF events FOR VALUES FROM ('2021-01-01') TO ('2022-01-01') PARTITION BY RANGE (id);
  CREATE TABLE events_2021_low PARTITION OF events_2021 FOR VALUES FROM (0) TO (1000);
  CREATE INDEX events_note ON events (note);
  INSERT INTO events SELECT i, '2020-01-01'::date + i, 'note ' || i FROM generate_series(1, 500) i;
  CREATE EXTENSION hstore; CREATE TABLE stored (h hstore); INSERT INTO stored VALUES ('a=>1');
  CREATE FUNCTION watch_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
  CREATE EVENT TRIGGER watched ON ddl_command_start EXECUTE FUNCTION watch_ddl();
  CREATE PUBLICATION news FOR TABLE customers;
  CREATE FOREIGN DATA WRAPPER nowhere; CREATE SERVER far FOREIGN DATA WRAPPER nowhere; CREATE FOREIGN TABLE away (a int) SERVER far;`;

/** Rows as a bad migration leaves them, one table more, a view and a large object less. */
export const spoilSql = `DELETE FROM orders WHERE id % 3 = 0; UPDATE customers SET name = 'spoilt' WHERE id < 50; SELECT setval('lonely', 99);
  CREATE TABLE later (a int); INSERT INTO later VALUES (1); DROP VIEW rich; SELECT lo_unlink(oid) FROM (SELECT oid FROM pg_largeobject_metadata LIMIT 1) o;`;

/** Large enough to be cancelled in the middle. */
export const largeSql = `CREATE TABLE big_a (id int PRIMARY KEY, name text); CREATE TABLE big_b (id int PRIMARY KEY, note text);
  INSERT INTO big_a SELECT i, repeat(md5(i::text), 10) FROM generate_series(1, 60000) i;
  INSERT INTO big_b SELECT i, repeat(md5(i::text), 10) FROM generate_series(1, 60000) i;`;
