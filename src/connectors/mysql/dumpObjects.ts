/** What a statement makes, or the database that it names by itself. */
export interface DumpObject {
  readonly kind: string;
  readonly name: string;
}

const name = '(`(?:[^`]|``)+`|"(?:[^"]|"")+"|[\\w$\\u0080-\\uffff]+)';
const create = new RegExp(
  '^\\s*CREATE\\s+(?:OR\\s+REPLACE\\s+)?(?:ALGORITHM\\s*=\\s*\\w+\\s+)?(?:SQL\\s+SECURITY\\s+\\w+\\s+)?(?:AGGREGATE\\s+)?' +
    `(TABLE|VIEW|TRIGGER|PROCEDURE|FUNCTION|EVENT|SEQUENCE|PACKAGE(?:\\s+BODY)?)\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?${name}`,
  'i',
);
const database = new RegExp(
  `^\\s*(?:USE|(?:CREATE|DROP|ALTER)\\s+(?:OR\\s+REPLACE\\s+)?(?:DATABASE|SCHEMA)(?:\\s+IF\\s+(?:NOT\\s+)?EXISTS)?)\\s+${name}`,
  'i',
);

/** Says what a statement is, from its beginning without comments and without DEFINER; undefined for the many that make nothing. */
export function classify(head: string): DumpObject | undefined {
  const made = create.exec(head);
  if (made !== null) return { kind: (made[1] ?? '').toLowerCase().replace(/\s+/, ' '), name: plain(made[2] ?? '') };
  const named = database.exec(head);
  return named === null ? undefined : { kind: 'database', name: plain(named[1] ?? '') };
}

function plain(quoted: string): string {
  const [first = ''] = quoted;
  return first === '`' || first === '"' ? quoted.slice(1, -1).replaceAll(first + first, first) : quoted;
}
