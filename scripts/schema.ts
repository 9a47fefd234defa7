// Writes the settings' JSON schema into package.json (`contributes.configuration`): `node scripts/schema.ts`.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { connectors, engineNames, families, type Family } from '../src/core/engines.ts';
import type { KeyFacts, Keys } from '../src/core/settings/keyFacts.ts';
import { allKeysOf, djangoKeys } from '../src/core/settings/keys.ts';
import { simpleSettings } from '../src/core/settings/schema.ts';
import { schemaOf, type ValueType } from '../src/core/settings/valueTypes.ts';

/** A JSON schema, or a part of one. */
export type Schema = Readonly<Record<string, unknown>>;

/** Snippets by engine; `$` begins a place to fill in. */
const snippets: readonly { readonly label: string; readonly description: string; readonly body: Schema }[] = [
  { label: 'SQLite', description: 'A database in a file', body: { ENGINE: 'sqlite3', NAME: '${1:db.sqlite3}' } },
  {
    label: 'PostgreSQL',
    description: 'A database on a PostgreSQL server',
    body: { ENGINE: 'postgresql', NAME: '${1:shop}', USER: '${2:postgres}', HOST: '${3:localhost}', PORT: '^${4:5432}' },
  },
  {
    label: 'MySQL or MariaDB',
    description: 'A database on a MySQL or MariaDB server',
    body: { ENGINE: 'mysql', NAME: '${1:shop}', USER: '${2:root}', HOST: '${3:localhost}', PORT: '^${4:3306}' },
  },
  {
    label: 'MongoDB',
    description: 'A database on a MongoDB server',
    body: { ENGINE: 'mongodb', NAME: '${1:shop}', HOST: '${2:localhost}', PORT: '^${3:27017}' },
  },
];

/** The value of `contributes.configuration`: everything the editor can know of the settings, and nothing that refers elsewhere. */
export function configuration(): { readonly title: string; readonly properties: Readonly<Record<string, Schema>> } {
  const simple = Object.entries(simpleSettings)
    .sort(([, one], [, other]) => one.order - other.order)
    .map(([name, { order, type, markdown, choices, default: value }]): [string, Schema] => [
      `dbbackup.${name}`,
      {
        order,
        scope: name === 'tools' ? 'machine' : 'resource',
        ...typeSchema(type),
        default: value,
        markdownDescription: markdown,
        ...(choices === undefined ? {} : { markdownEnumDescriptions: Object.values(choices) }),
      },
    ]);
  return {
    title: 'Database Backup',
    properties: { 'dbbackup.databases': databases(), 'dbbackup.connectors': connectorsSetting, ...Object.fromEntries(simple) },
  };
}

function databases(): Schema {
  return {
    order: 1,
    scope: 'resource',
    ignoreSync: true,
    type: 'object',
    default: {},
    markdownDescription:
      'The databases of this workspace by alias, with the keys of Django’s `DATABASES`. Variables: `${workspaceFolder}`, `${workspaceFolder:name}`, `${userHome}`, `${env:NAME}`. Keys for backups only can stand in `#dbbackup.connectors#`.',
    defaultSnippets: snippets.map(({ label, description, body }) => ({ label, description, body: { '${5:default}': body } })),
    additionalProperties: {
      type: 'object',
      defaultSnippets: snippets,
      properties: { ENGINE: engineSchema(), ...keySchemas(djangoKeys) },
      allOf: [...families.filter((family) => family !== 'other').map(familyCase), otherCase()],
    },
  };
}

const connectorsSetting: Schema = {
  order: 2,
  scope: 'resource',
  ignoreSync: true,
  type: 'object',
  default: {},
  markdownDescription:
    'Keys that replace those of `#dbbackup.databases#`, by alias, for backups and restores alike: other credentials, a replica, tables to leave out. Only the keys that stand here are replaced. A restore goes to this HOST too.',
  additionalProperties: { type: 'object' },
};

function engineSchema(): Schema {
  const names = families.flatMap((family) => engineNames(family).map((name) => ({ name, text: engineText(family) })));
  return {
    markdownDescription: 'The kind of database: a short name such as `sqlite3`, or the dotted name that Django uses.',
    anyOf: [{ enum: names.map(({ name }) => name), markdownEnumDescriptions: names.map(({ text }) => text) }, { type: 'string' }],
  };
}

function engineText(family: Family): string {
  const connector = connectors.find((candidate) => candidate.family === family)?.name;
  return connector === undefined ? 'Uses DjangoConnector or JsonConnector.' : `Uses ${connector} and its kin.`;
}

function familyCase(family: Family): Schema {
  return { if: hasEngine(engineNames(family)), then: { properties: keySchemas(allKeysOf(family)) } };
}

/** Every engine that has no case of its own. */
function otherCase(): Schema {
  const known = families.filter((family) => family !== 'other').flatMap(engineNames);
  return {
    if: { properties: { ENGINE: { not: { enum: known } } }, required: ['ENGINE'] },
    then: { properties: keySchemas(allKeysOf('other')) },
  };
}

function hasEngine(names: readonly string[]): Schema {
  return { properties: { ENGINE: { enum: names } }, required: ['ENGINE'] };
}

function keySchemas(keys: Keys): Schema {
  return Object.fromEntries([...keys].map(([name, facts]) => [name, keySchema(facts)]));
}

function keySchema({ type, markdown, choices, examples, default: value }: KeyFacts): Schema {
  return {
    ...(choices === undefined
      ? typeSchema(type)
      : {
          anyOf: [
            { enum: choices.map((choice) => choice.value), markdownEnumDescriptions: choices.map((choice) => choice.markdown) },
            typeSchema(type),
          ],
        }),
    markdownDescription: markdown,
    ...(value === undefined ? {} : { default: value }),
    ...(examples === undefined ? {} : { examples }),
  };
}

function typeSchema(type: ValueType): Schema {
  const schema = z.toJSONSchema(schemaOf(type), {
    target: 'draft-7',
    io: 'input',
    reused: 'inline',
    override: ({ jsonSchema }) => {
      delete jsonSchema.propertyNames;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  return Object.fromEntries(Object.entries(schema).filter(([name]) => name !== '$schema'));
}

if (import.meta.main) {
  const file = fileURLToPath(new URL('../package.json', import.meta.url));
  const objectSchema = z.record(z.string(), z.unknown());
  const manifest = objectSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  const contributes = { ...objectSchema.parse(manifest['contributes']), configuration: configuration() };
  writeFileSync(file, `${JSON.stringify({ ...manifest, contributes }, null, 2)}\n`);
}
