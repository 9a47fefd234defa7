import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { composeService } from '../../src/system/compose.ts';

describe('the service of a compose file that publishes a port', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'compose-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const find = async (ports: string, port = 5433): Promise<unknown> => {
    const text = `services:\n  web: { image: x, ports: ["80:80"] }\n  db:\n    image: postgres\n    ports: ${ports}\n`;
    writeFileSync(join(folder, 'compose.yaml'), text);
    return (await composeService(folder, port))?.port;
  };

  it('is found by each way to write a port, with the port inside', async () => {
    process.env['COMPOSE_TEST_PORT'] = '5433';
    for (const ports of [
      '["5433:5432"]',
      '["127.0.0.1:5433:5432/tcp", "9:9"]',
      '[{ target: 5432, published: "5433" }]',
      '[{ target: 5432, published: 5433, host_ip: 127.0.0.1 }]',
      '["${COMPOSE_TEST_PORT}:5432"]',
      '["${COMPOSE_TEST_NOTHING:-5433}:5432"]',
    ])
      assert.equal(await find(ports), 5432, ports);
    delete process.env['COMPOSE_TEST_PORT'];
  });

  it('is not guessed', async () => {
    for (const ports of ['["5432"]', '["5432:5433"]', '["5433:5432/udp"]', '5433', '[{ target: 5432 }]', '["${NOTHING}:5432"]'])
      assert.equal(await find(ports), undefined, ports);
    writeFileSync(join(folder, 'compose.yaml'), 'services: { a: { ports: ["1:2"] }, b: { ports: ["1:2"] } }');
    assert.equal(await composeService(folder, 1), undefined);
    for (const text of ['', '{', 'a: b', '&a [*a, *b]', '- 1']) {
      writeFileSync(join(folder, 'compose.yaml'), text);
      assert.equal(await composeService(folder, 1), undefined, text);
    }
  });

  it('is looked for in the file that docker compose takes', async () => {
    writeFileSync(join(folder, 'docker-compose.yml'), 'services: { old: { ports: ["1:2"] } }');
    assert.deepEqual(await composeService(folder, 1), {
      file: join(folder, 'docker-compose.yml'),
      name: 'old',
      port: 2,
      image: '',
    });
    writeFileSync(join(folder, 'compose.yml'), 'services: { new: { ports: ["1:3"] } }');
    assert.equal((await composeService(folder, 1))?.name, 'new');
  });
});
