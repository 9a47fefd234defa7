import type { Scope } from '../../src/core/database.ts';
import type { Problem } from '../../src/core/settings/problem.ts';
import type { SettingsInput, ValueName } from '../../src/core/settings/settings.ts';

/** Settings of one folder, `/ws/shop`, as one settings.json of that folder says them, unless `given` says otherwise. */
export function settingsInput(
  databases: unknown,
  connectors?: unknown,
  given: Partial<SettingsInput> & { readonly set?: Partial<Record<ValueName, unknown>> } = {},
): SettingsInput {
  const { set = {}, ...rest } = given;
  const scoped = (value: unknown): { readonly scope: Scope; readonly value: unknown } => ({ scope: 'folder', value });
  return {
    layers: [{ scope: 'folder', databases, connectors }],
    values: Object.fromEntries(Object.entries(set).map(([name, value]) => [name, scoped(value)])),
    folder: '/ws/shop',
    folders: [{ name: 'shop', path: '/ws/shop' }],
    userHome: '/home/ada',
    env: { DB_NAME: 'shop_from_env', EMPTY: '' },
    machineName: 'laptop',
    hasManagePy: false,
    hasZstd: true,
    ...rest,
  };
}

/** A problem as tests compare it: code and place. */
export function place({ code, scope, path, at }: Problem): string {
  return `${code} ${scope} ${path.join(' > ')} (${at})`;
}
