/** What a statement makes, or the database that it names by itself. */
export interface DumpObject {
  readonly kind: string;
  readonly name: string;
}

const name = '(`(?:[^`]|``)+`|"(?:[^"]|"")+"|[\\w$\\u0080-\\uffff]+)';
const made =
  'CREATE\\s+(?:OR\\s+REPLACE\\s+)?(?:ALGORITHM\\s*=\\s*\\w+\\s+)?(?:SQL\\s+SECURITY\\s+\\w+\\s+)?(?:AGGREGATE\\s+)?' +
  '(TABLE|VIEW|TRIGGER|PROCEDURE|FUNCTION|EVENT|SEQUENCE|PACKAGE(?:\\s+BODY)?)\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?';
const create = new RegExp(`^\\s*${made}${name}`, 'i');
const database = new RegExp(
  `^\\s*(?:USE|(?:CREATE|DROP|ALTER)\\s+(?:OR\\s+REPLACE\\s+)?(?:DATABASE|SCHEMA)(?:\\s+IF\\s+(?:NOT\\s+)?EXISTS)?)\\s+${name}`,
  'i',
);

/** Says what a statement is, from its beginning without comments and without DEFINER; undefined for the many that make nothing. */
export function classify(head: string): DumpObject | undefined {
  const object = create.exec(head);
  if (object !== null) return { kind: (object[1] ?? '').toLowerCase().replace(/\s+/, ' '), name: plain(object[2] ?? '') };
  const named = database.exec(head);
  return named === null ? undefined : { kind: 'database', name: plain(named[1] ?? '') };
}

const ofList = /^\s*(?:DROP|LOCK|TRUNCATE|RENAME)\b/i;
const withDatabase = new RegExp(`${name}\\s*\\.\\s*${name}`, 'g');
const target = `(?:ALTER\\s+(?:IGNORE\\s+)?TABLE|(?:INSERT|REPLACE)\\s+(?:\\w+\\s+)*?INTO|DELETE\\s+(?:\\w+\\s+)*?FROM|UPDATE(?:\\s+\\w+)*?)\\s+`;
const ofOne = new RegExp(`^\\s*(?:${target}|${made})${name}\\s*\\.\\s*${name}`, 'i');

/** Databases that stand before what a statement changes: `DROP TABLE other.t`. */
export function qualifiers(head: string): string[] {
  if (ofList.test(head)) return [...head.matchAll(withDatabase)].map(([, before = '']) => plain(before));
  const found = ofOne.exec(head);
  return found === null ? [] : [plain(found[2] ?? '')];
}

const kinds = 'TABLE|VIEW|TRIGGER|PROCEDURE|FUNCTION|EVENT|SEQUENCE|PACKAGE|DATABASE|SCHEMA';
/** Statements that dump tools write. Source: mysqldump.cc of both flavours. */
const usual = new RegExp(
  `^\\s*(?:$|SET\\b(?!.*\\b(?:GLOBAL|PERSIST|PERSIST_ONLY|PASSWORD|ROLE)\\b)|(?:DROP|ALTER)\\s+(?:${kinds})\\b|${made}|CREATE\\s+(?:DATABASE|SCHEMA)\\b|` +
    '(?:LOCK|UNLOCK)\\s+TABLES?\\b|(?:INSERT|REPLACE)\\b|USE\\b|COMMIT\\b|START\\s+TRANSACTION\\b|(?:DO|SELECT)\\s+SETVAL\\s*\\()',
  'is',
);

const library = new RegExp(`^\\s*${made}${name}\\s+RETURNS\\s+\\w+\\s+SONAME\\b`, 'i');
const quotedText = /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`[^`]*`/gs;

/**
 * The first words of a statement that no dump tool writes: of one that grants, loads, or runs other text, or of several behind one delimiter.
 *
 * Shape: a help against accidents. What a trigger or a routine does cannot be told by looking, so that a dump from elsewhere needs trust.
 */
export function unusualWords(head: string): string | undefined {
  const isSeveral = !/^\s*CREATE\b/i.test(head) && head.replaceAll(quotedText, '').includes(';');
  if (usual.test(head) && !library.test(head) && !isSeveral) return undefined;
  return head.trim().split(/\s+/, 2).join(' ').slice(0, 40).toUpperCase();
}

function plain(quoted: string): string {
  const [first = ''] = quoted;
  return first === '`' || first === '"' ? quoted.slice(1, -1).replaceAll(first + first, first) : quoted;
}
