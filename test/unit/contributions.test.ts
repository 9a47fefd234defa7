import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import * as z from 'zod';
import { commandIds, containerId, contextKeys, rowKinds, viewId } from '../../src/contributions.ts';

const menuItem = z.object({ command: z.string(), when: z.string().optional() });
const manifestSchema = z.object({
  contributes: z.object({
    commands: z.array(z.object({ command: z.string(), title: z.string(), category: z.string(), icon: z.string().optional() })),
    viewsContainers: z.object({ activitybar: z.array(z.object({ id: z.string(), icon: z.string() })) }),
    views: z.record(z.string(), z.array(z.object({ id: z.string() }))),
    viewsWelcome: z.array(z.object({ view: z.string(), when: z.string(), contents: z.string() })),
    menus: z.record(z.string(), z.array(menuItem.extend({ group: z.string().optional() }))),
    keybindings: z.array(menuItem),
  }),
  capabilities: z.object({
    untrustedWorkspaces: z.object({ supported: z.literal('limited'), restrictedConfigurations: z.array(z.string()) }),
  }),
});

const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
const { contributes, capabilities } = manifestSchema.parse(JSON.parse(text));
const whenClauses = [...Object.values(contributes.menus).flat(), ...contributes.keybindings, ...contributes.viewsWelcome].map(
  (item) => item.when ?? '',
);

describe('contributions', () => {
  it('declares exactly the commands that the sources know', () => {
    assert.deepEqual(contributes.commands.map((command) => command.command).sort(), Object.values(commandIds).sort());
  });

  it('shows every command in the palette under one category', () => {
    assert.deepEqual([...new Set(contributes.commands.map((command) => command.category))], ['Database Backup']);
    assert.equal(contributes.menus['commandPalette'], undefined);
  });

  it('declares the container and the view that the sources know', () => {
    assert.deepEqual(
      contributes.viewsContainers.activitybar.map((container) => container.id),
      [containerId],
    );
    assert.deepEqual(
      Object.values(contributes.views)
        .flat()
        .map((view) => view.id),
      [viewId],
    );
  });

  it('puts only known commands into menus, keybindings and welcome texts', () => {
    const known = new Set<string>(Object.values(commandIds));
    const used = [...Object.values(contributes.menus).flat(), ...contributes.keybindings].map((item) => item.command);
    const linked = contributes.viewsWelcome.flatMap((welcome) =>
      [...welcome.contents.matchAll(/\(command:(dbbackup\.[^)]+)\)/g)].map((match) => match[1] ?? ''),
    );
    assert.deepEqual(
      [...used, ...linked].filter((command) => !known.has(command)),
      [],
    );
  });

  it('gives every inline action and every title button an icon', () => {
    const drawn = [
      ...(contributes.menus['view/item/context'] ?? []).filter((item) => item.group?.startsWith('inline')),
      ...(contributes.menus['view/title'] ?? []).filter((item) => item.group?.startsWith('navigation')),
    ];
    const icons = new Map(contributes.commands.map((command) => [command.command, command.icon]));
    assert.deepEqual(
      drawn.filter((item) => icons.get(item.command) === undefined),
      [],
    );
  });

  it('puts everything that is about a row or the view into that view alone', () => {
    const ours = ['view/title', 'view/item/context'].flatMap((menu) => contributes.menus[menu] ?? []);
    assert.deepEqual(
      ours.filter(({ when }) => (when ?? '').split(' && ')[0] !== `view == ${viewId}`),
      [],
    );
  });

  it('asks only for kinds of rows and context keys that the sources set', () => {
    const kinds = new Set<string>(Object.values(rowKinds));
    const keys = new Set<string>(Object.values(contextKeys));
    const asked = whenClauses.flatMap((when) =>
      [...when.matchAll(/viewItem =~ \/\^\(([^)]*)\)\$\//g)].flatMap((match) =>
        (match[1] ?? '').replaceAll('\\.', '.').split('|'),
      ),
    );
    const read = whenClauses.flatMap((when) => [...when.matchAll(/(?<!== )\bdbbackup\.\w+/g)].map((match) => match[0]));
    assert.deepEqual(
      asked.filter((kind) => !kinds.has(kind)),
      [],
    );
    assert.deepEqual(
      read.filter((key) => !keys.has(key)),
      [],
    );
  });

  it('restricts every setting of a workspace that names a path or what is started', () => {
    assert.deepEqual(capabilities.untrustedWorkspaces.restrictedConfigurations, [
      'dbbackup.databases',
      'dbbackup.connectors',
      'dbbackup.connectorMapping',
      'dbbackup.dumpDirectory',
      'dbbackup.filenameTemplate',
    ]);
  });
});
