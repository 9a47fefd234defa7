// Makes a checkout ready to run, and is quick when it is: `node scripts/setup.mjs [basic|server|tests] [-- command args…]`.
//
//   basic   node_modules as package-lock.json says, with the Node 24 of the `node` package. The default.
//   server  also a VS Code that shows itself in a browser, under .vscode-test/, and the Debian packages to compile it.
//   tests   also what the suites need: a browser, the sqlite3 program, database servers.
//
// A command after `--` runs afterwards, with node_modules/.bin first on its PATH, so that its `node` is Node 24.
// This file itself runs on the machine's Node, from 20 on, and imports nothing that must be installed first.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const nodeFolder = join(root, '.vscode-test', 'node24');
const codeServerFolder = join(root, '.vscode-test', 'code-server');
const mongodbFolder = join(root, '.vscode-test', 'secantusdb');

/** The environment in which `node` is the Node 24 of this project. */
export function projectEnvironment() {
  return { ...process.env, PATH: [join(root, 'node_modules', '.bin'), process.env['PATH']].join(delimiter) };
}

/**
 * Sets the checkout up and says what it could not get.
 *
 * Shape:  one entry per thing that is missing: its name, and the suites that cannot run without it.
 * Errors: throws when node_modules cannot be installed, since nothing runs without it.
 */
export function setUp(level) {
  installModules();
  switch (level) {
    case 'basic':
      return [];
    case 'server':
      return installServer([]);
    case 'tests':
      return [...installServer(toolsOfTests), ...installMongodb()];
    default:
      throw new Error(`There is no level ${level}: basic, server, tests.`);
  }
}

/** One line for a missing thing. */
export function describeMissing({ name, suites }) {
  return `Missing: ${name}. Skipped without it: ${suites.join(', ')}.`;
}

function installModules() {
  if (areModulesCurrent()) return;
  say('Installing node_modules …');
  // Without install scripts, since npm below 11.19 knows no `allowScripts` and would compile better-sqlite3 for nothing.
  npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {});
  // The one script that matters fetches the Node of this machine's platform.
  npm(['rebuild', 'node', '--ignore-scripts=false', '--no-audit', '--no-fund'], {});
  if (!areModulesCurrent()) throw new Error('node_modules is not what package-lock.json says, even after "npm ci".');
}

/** Compares the lock file with npm's own record of what it installed, so that an ordinary `npm install` counts too. */
function areModulesCurrent() {
  const wanted = readLock(join(root, 'package-lock.json'));
  const installed = readLock(join(root, 'node_modules', '.package-lock.json'));
  if (!existsSync(join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node'))) return false;
  return Object.entries(wanted).every(
    ([path, entry]) => path === '' || isOptional(entry) || installed[path]?.version === entry.version,
  );
}

function isOptional(entry) {
  return entry.optional === true || entry.devOptional === true || entry.os !== undefined || entry.cpu !== undefined;
}

function readLock(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : {};
}

/** Installs the VS Code for the browser, and Debian packages: those it is compiled with, and the given ones. */
function installServer(tools) {
  const vscodeSuites = ['vscode', 'ui'];
  if (process.platform !== 'linux') {
    return [
      { name: 'a Linux machine, on which the test VS Code is installed (try "npm run test:desktop")', suites: vscodeSuites },
    ];
  }
  const isInstalled = isCodeServerCurrent();
  const needed = isInstalled ? tools : [...tools, ...toolsToCompile];
  const absent = installDebianPackages(needed.filter((tool) => !tool.isPresent()));
  const missing = absent.map((tool) => ({
    name: `${tool.debianPackage} (apt-get install ${tool.debianPackage})`,
    suites: tool.suites,
  }));
  const canCompile = !absent.some((tool) => toolsToCompile.includes(tool));
  if (isInstalled || !canCompile) return missing;
  try {
    installCodeServer();
    return missing;
  } catch (error) {
    return [...missing, { name: `code-server, whose installation failed (${error.message})`, suites: vscodeSuites }];
  }
}

const toolsOfTests = [
  { debianPackage: 'chromium', suites: ['vscode', 'ui'], isPresent: () => isOnPath('chromium') },
  {
    debianPackage: 'postgresql-15',
    suites: ['the tests of PostgreSQL'],
    isPresent: () => existsSync('/usr/lib/postgresql/15/bin/postgres'),
  },
  {
    debianPackage: 'postgresql-15-postgis-3',
    suites: ['the tests of PostGIS'],
    isPresent: () => existsSync('/usr/share/postgresql/15/extension/postgis.control'),
  },
  { debianPackage: 'sqlite3', suites: ['the tests that compare with the sqlite3 program'], isPresent: () => isOnPath('sqlite3') },
  {
    debianPackage: 'python3-venv',
    suites: ['the tests of MongoDB'],
    isPresent: () => spawnSync('python3', ['-c', 'import ensurepip, venv'], { stdio: 'ignore' }).status === 0,
  },
  { debianPackage: 'mariadb-server', suites: ['the tests on a real MariaDB'], isPresent: () => existsSync('/usr/sbin/mariadbd') },
];

/** code-server compiles three native modules while it is installed, and only then. */
const toolsToCompile = [
  { debianPackage: 'libkrb5-dev', suites: ['vscode', 'ui'], isPresent: () => existsSync('/usr/include/gssapi/gssapi.h') },
  { debianPackage: 'g++', suites: ['vscode', 'ui'], isPresent: () => isOnPath('g++') },
  { debianPackage: 'make', suites: ['vscode', 'ui'], isPresent: () => isOnPath('make') },
  { debianPackage: 'python3', suites: ['vscode', 'ui'], isPresent: () => isOnPath('python3') },
];

/** Installs what is absent where apt and root are there; returns what is absent still. */
function installDebianPackages(tools) {
  if (tools.length === 0 || !isOnPath('apt-get') || process.getuid() !== 0) return tools;
  const names = tools.map((tool) => tool.debianPackage);
  say(`Installing ${names.join(', ')} …`);
  const install = () =>
    run('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=300', 'update']) &&
    run('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=300', 'install', '-y', '--no-install-recommends', ...names]);
  // A second try: a mirror that was being updated answers wrongly once.
  if (!install()) install();
  return tools.filter((tool) => !tool.isPresent());

  function run(program, args) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    // Not the terminal's stdout: what apt and dpkg print is wanted only when something fails.
    const result = spawnSync(program, args, { env, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
    if (result.status !== 0) process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
    return result.status === 0;
  }
}

/** The stamp holds what was asked for, so that a changed lock file installs anew and an interrupted installation is repeated. */
function isCodeServerCurrent() {
  const stamp = join(codeServerFolder, 'installed.txt');
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === codeServerFingerprint();
}

function codeServerFingerprint() {
  const files = ['node24', 'code-server'].map((folder) => readFileSync(join(root, 'scripts', folder, 'package-lock.json')));
  return createHash('sha256').update(Buffer.concat(files)).update(`${process.platform} ${process.arch}`).digest('hex');
}

function installCodeServer() {
  say('Installing VS Code for the tests, about three minutes, once …');
  installFolder('node24', nodeFolder, {});
  const node = join(nodeFolder, 'node_modules', `node-${process.platform}-${process.arch}`);
  // code-server refuses to be installed by an npm that runs on another Node; the headers beside this one are compiled against.
  const path = [join(node, 'bin'), process.env['PATH']].join(delimiter);
  installFolder('code-server', codeServerFolder, {
    node: join(node, 'bin', 'node'),
    variables: { PATH: path, npm_config_nodedir: node },
  });
  writeFileSync(join(codeServerFolder, 'installed.txt'), codeServerFingerprint());
}

/** A server of MongoDB's protocol, in Python: no package brings MongoDB itself. The stamp holds what was installed. */
function installMongodb() {
  const wanted = 'secantusdb==0.7.0b3';
  const stamp = join(mongodbFolder, 'installed.txt');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return [];
  say(`Installing ${wanted} for the tests, about a quarter of a minute, once …`);
  rmSync(mongodbFolder, { recursive: true, force: true });
  mkdirSync(mongodbFolder, { recursive: true });
  const venv = join(mongodbFolder, 'venv');
  const isInstalled =
    runQuietly('python3', ['-m', 'venv', venv]) &&
    runQuietly(join(venv, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:', wanted]);
  if (!isInstalled) return [{ name: `${wanted} of PyPI`, suites: ['the tests of MongoDB'] }];
  writeFileSync(stamp, wanted);
  return [];
}

/** What the program prints is wanted only when it fails. */
function runQuietly(program, args) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (status !== 0) process.stderr.write(`${stdout ?? ''}${stderr ?? ''}`);
  return status === 0;
}

function installFolder(name, folder, options) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) cpSync(join(root, 'scripts', name, file), join(folder, file));
  npm(['ci', '--no-audit', '--no-fund'], { cwd: folder, ...options });
}

/** Runs npm, by the given Node or the one that runs this file. */
function npm(args, { cwd = root, node = process.execPath, variables = {} }) {
  // Inside an npm script the running npm names itself; outside of one it is on PATH.
  const cli = process.env['npm_execpath'];
  const [program, first] = cli?.endsWith('.js') ? [node, [cli]] : ['npm', []];
  const shell = program === 'npm' && process.platform === 'win32';
  // An npm around us names its own Node in this variable, and the npm below would pass it on.
  const env = { ...process.env, npm_config_user_agent: undefined, ...variables };
  const result = spawnSync(program, [...first, ...args, '--loglevel=error'], {
    cwd,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell,
  });
  if (result.status !== 0) throw new Error(`"npm ${args.join(' ')}" failed`);
}

function isOnPath(program) {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.some((folder) => statSync(join(folder, program), { throwIfNoEntry: false })?.isFile());
}

function say(line) {
  process.stdout.write(`${line}\n`);
}

function main() {
  const separator = process.argv.indexOf('--');
  const [level = 'basic'] = separator < 0 ? process.argv.slice(2) : process.argv.slice(2, separator);
  for (const missing of setUp(level)) say(describeMissing(missing));
  if (separator < 0) return 0;
  const [program, ...args] = process.argv.slice(separator + 1);
  const shell = process.platform === 'win32';
  const result = spawnSync(program, args, { cwd: root, env: projectEnvironment(), stdio: 'inherit', shell });
  if (result.error !== undefined) throw result.error;
  return result.status ?? 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = main();
