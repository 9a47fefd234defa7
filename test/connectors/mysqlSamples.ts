/** A trigger, a routine and an event have bodies with `;`, comments, quotes and words that mean something to a client. */
export const sampleSql = `
  CREATE TABLE customers (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(200) NOT NULL, mail TEXT,
    lower_mail VARCHAR(200) AS (LOWER(mail)) STORED, twice INT AS (id * 2) VIRTUAL, UNIQUE KEY by_mail (lower_mail)) COMMENT 'it''s; a "table"\nof two lines';
  CREATE TABLE orders (id INT PRIMARY KEY, customer INT NOT NULL, total DECIMAL(30, 10), at DATETIME(6), kind ENUM('a', 'b;', 'c''d'),
    KEY by_kind (kind), CONSTRAINT of_customer FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE CASCADE);
  CREATE TABLE exact_values (id INT PRIMARY KEY, bytes LONGBLOB, letters LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, big BIGINT UNSIGNED,
    small BIGINT, bits BIT(13), real_value DOUBLE, t TIME(6), y YEAR, ts TIMESTAMP(6) NULL, place POINT, doc JSON, latin TEXT CHARACTER SET latin1);
  CREATE TABLE \`odd \`\`name; #1\` (\`select\` INT, \`a;b\` TEXT);
  CREATE TABLE fast (a INT);
  CREATE TABLE parted (id INT, note TEXT) PARTITION BY RANGE (id) (PARTITION low VALUES LESS THAN (100), PARTITION high VALUES LESS THAN MAXVALUE);
  CREATE TABLE log (note TEXT);
  CREATE SEQUENCE numbers START WITH 100 INCREMENT BY 7;
  INSERT INTO customers (name, mail) SELECT CONCAT('customer ', seq), CONCAT('C', seq, '@example.org') FROM seq_1_to_200;
  INSERT INTO orders SELECT seq, 1 + seq % 200, seq * 1.0000000001, '2026-01-01' + INTERVAL seq SECOND, ELT(1 + seq % 3, 'a', 'b;', 'c''d') FROM seq_1_to_3000;
  INSERT INTO exact_values VALUES
    (1, x'00ff27225c0a0d1a3b2d2d', '😀 ''\\\\ ");\n-- x\n/* y */ \\0\\Z', 18446744073709551615, -9223372036854775808, b'1010101010101', 1.7976931348623157e308, '-838:59:59.000001', 2155, '2038-01-19 03:14:07.999999', ST_GeomFromText('POINT(1.5 -2.25)'), '{"a": [1, "ü"]}', 'ÿé'),
    (2, '', '', 0, 0, b'0', -5e-324, '00:00:00', 1901, NULL, NULL, NULL, ''),
    (3, NULL, 'ｆｕｌｌ ‮rtl', NULL, NULL, NULL, 0.1, NULL, NULL, '1970-01-01 00:00:01', NULL, '[]', NULL);
  INSERT INTO \`odd \`\`name; #1\` VALUES (1, 'INSERT INTO x VALUES (1);\nDROP TABLE fast;'), (NULL, 'DEFINER=\`x\`@\`y\`');
  INSERT INTO fast SELECT seq FROM seq_1_to_1000;
  INSERT INTO parted SELECT seq, CONCAT('note ', seq) FROM seq_1_to_300;
  SELECT NEXT VALUE FOR numbers;
  CREATE VIEW big_orders AS SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer WHERE o.total > 10;
  CREATE VIEW a_view AS SELECT id FROM big_orders WHERE name <> 'x;y';
  CREATE TRIGGER orders_bi BEFORE INSERT ON orders FOR EACH ROW BEGIN /* a; comment */ IF NEW.total < 0 THEN SET NEW.total = 0; END IF; -- it's
    INSERT INTO log VALUES (CONCAT('new ', NEW.id)); END;
  CREATE TRIGGER orders_ad AFTER DELETE ON orders FOR EACH ROW INSERT INTO log VALUES ('gone');
  CREATE PROCEDURE clean_up(IN days INT) COMMENT 'it''s;' BEGIN # a comment
    DECLARE n INT DEFAULT 0; /*! SET n = 1; */ WHILE n < days DO SET n = n + 1; END WHILE; SELECT "delimiter ;;", n; END;
  CREATE FUNCTION double_it(a INT) RETURNS INT DETERMINISTIC RETURN a * 2;
  CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 03:00:00' DO BEGIN /* c; */ DELETE FROM log; END;`;

/** Rows as a bad migration leaves them, and one table more. It drops nothing: what a restore makes anew, its undo keeps. */
export const spoilSql = `DELETE FROM orders WHERE id % 3 = 0; UPDATE customers SET name = 'spoilt' WHERE id < 50;
  CREATE TABLE later (a INT); INSERT INTO later VALUES (1);`;

/** Large enough to be cancelled in the middle. */
export const largeSql = `CREATE TABLE big_a (id INT PRIMARY KEY, name TEXT); CREATE TABLE big_b (id INT PRIMARY KEY, note TEXT);
  INSERT INTO big_a SELECT seq, REPEAT(MD5(seq), 10) FROM seq_1_to_60000; INSERT INTO big_b SELECT seq, REPEAT(MD5(seq), 10) FROM seq_1_to_60000;`;
