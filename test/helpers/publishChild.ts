// Publishes dumps one after the other until it is killed, or `count` of them. argv: root of the site, compression, count.
// Prints `ready` before the first one, and each final path.
import { randomBytes } from 'node:crypto';
import { publish } from '../../src/dumps/publish.ts';
import { makeSite, requestFor } from './publishing.ts';

const [root = '', compression = '', count = ''] = process.argv.slice(2);
const site = await makeSite(root);
process.stdout.write('ready\n');
for (let made = 0; made < Number(count); made++) {
  const bytes = randomBytes(300_000);
  const { file } = await publish(await requestFor(site, bytes, { compression: compression === 'gzip' ? 'gzip' : 'none' }));
  process.stdout.write(`${file}\n`);
}
