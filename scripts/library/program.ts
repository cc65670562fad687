import { Command, InvalidArgumentError, Option } from 'commander';
import { SCOPES, type Scope } from '@/lib/protocol/clips';
import { writeInvitation } from '@/lib/protocol/invitation';
import { Administration } from '@/lib/server/administration';
import {
  announceRestored,
  countUnindexed,
  findFaults,
  measureWorkspace,
} from '@/lib/server/inspect-workspace';
import { BUILD_BYTES_PER_VECTOR } from '@/lib/server/search/vector-index';
import type { LibrarySettings } from '@/lib/server/settings';
import { FramesiftError } from '@/lib/shared/errors';
import { formatBytes } from '@/lib/shared/format';

/** What the program works with; tests give their own. */
export interface ProgramContext {
  settings: LibrarySettings;
  print: (line: string) => void;
  now: () => Date;
  /** Serves until it is stopped. */
  serve: (listen: { port: number; host: string }) => Promise<void>;
}

/** Memory for building an index: enough for 670,000 frames. */
const INDEX_MEGABYTES = 1024;

const DAY_MS = 24 * 60 * 60 * 1000;
const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: DAY_MS };

/** `npm run library -- init | invite | list | revoke | freeze | thaw | serve | check | index | migrate`. */
export function libraryProgram({ settings, print, now, serve }: ProgramContext): Command {
  const administer = <T>(work: (administration: Administration) => Promise<T>) =>
    Administration.open(settings, work);

  const program = new Command('library')
    .description('Libraries that several people share. See docs/library.md.')
    // Throws instead of ending the process: what ends is the caller's business.
    .exitOverride();

  program
    .command('init')
    .description('make a library, or bring it up to date')
    .argument('<name>', 'as people will see it')
    .option('--frames <count>', 'most frames of all its clips together', wholeNumber)
    .option('--citus', 'keep it on one node of a Citus cluster')
    .action((name: string, { frames, citus: isDistributed = false }: { frames?: number; citus?: boolean }) =>
      administer(async (administration) => {
        const { id } = await administration.init(name, frames ?? null, now(), { isDistributed });
        print(`“${name}” is ready (${id}). Let devices in with: npm run library -- invite "${name}"`);
      }),
    );

  program
    .command('invite')
    .description('print a link that lets devices in')
    .argument('<name>', 'of the library')
    .requiredOption('--page <url>', 'address of the page that is opened', address)
    .option('--server <url>', 'address of this server; that of the page if left out', address)
    .addOption(new Option('--scope <scope>', 'what they may do').choices(SCOPES).default('write'))
    .option('--uses <count>', 'how many devices', wholeNumber, 1)
    .option('--expires <time>', 'for how long, as 30m, 12h or 7d', duration, 7 * DAY_MS)
    .action((name: string, options: InviteOptions) =>
      administer(async (administration) => {
        const workspace = await administration.find(name);
        const expiresAt = new Date(now().getTime() + options.expires);
        const secret = await administration.invite(workspace, { ...options, expiresAt }, now());
        const server = new URL(options.server ?? options.page).origin;
        print(writeInvitation(options.page, { server, secret }));
        const devices = options.uses === 1 ? 'one device' : `${options.uses} devices`;
        print(`Lets ${devices} ${options.scope}, until ${expiresAt.toISOString()}. It is not shown again.`);
      }),
    );

  program
    .command('list')
    .description('all libraries, or the devices of one')
    .argument('[name]', 'of the library')
    .action((name?: string) =>
      administer(async (administration) => {
        if (name !== undefined) {
          const devices = await administration.devices(await administration.find(name));
          for (const { deviceId, name: device, scope, renewedAt, expiresAt, revokedAt } of devices) {
            const state = revokedAt ? 'revoked' : expiresAt <= now() ? 'expired' : scope;
            print(`${deviceId}  ${device}, ${state}, last seen ${renewedAt.toISOString()}`);
          }
          if (devices.length === 0) print('No device has joined yet.');
          return;
        }
        for (const workspace of await administration.list()) {
          const { clips, frames, bytes, change } = await measureWorkspace(
            administration.client,
            workspace.id,
          );
          const isFrozen = await administration.isFrozen(workspace);
          print(
            `${workspace.name} (${workspace.id}): ${clips} clips, ${frames} frames, ${formatBytes(bytes)}, change ${change}${isFrozen ? ', frozen' : ''}`,
          );
        }
      }),
    );

  program
    .command('revoke')
    .description('take a device off a library, at once')
    .argument('<name>', 'of the library')
    .argument('<device>', 'its id, as `list` shows it')
    .action((name: string, device: string) =>
      administer(async (administration) => {
        const count = await administration.revoke(await administration.find(name), device, now());
        if (count === 0) {
          throw new FramesiftError(
            'bad-input',
            `No device ${device} is let into “${name}”. See: npm run library -- list "${name}"`,
          );
        }
        print('It is refused from now on. What it has copied stays with it.');
      }),
    );

  program
    .command('freeze')
    .description('let a library be read and not changed, to copy or move it')
    .argument('<name>', 'of the library')
    .action((name: string) =>
      administer(async (administration) => {
        await administration.freeze(await administration.find(name));
        print(`“${name}” is frozen: nothing of it changes until npm run library -- thaw "${name}"`);
      }),
    );

  program
    .command('thaw')
    .description('let a frozen library be changed again')
    .argument('<name>', 'of the library')
    .action((name: string) =>
      administer(async (administration) => {
        await administration.thaw(await administration.find(name));
        print(`“${name}” may be changed again.`);
      }),
    );

  program
    .command('migrate')
    .description('bring all libraries up to date')
    .action(() =>
      administer(async (administration) => {
        for (const { name, run } of await administration.migrate(now()))
          print(`${name}: ${run.length === 0 ? 'up to date' : run.join(', ')}`);
      }),
    );

  program
    .command('check')
    .description('compare the rows of a library with its list of clips')
    .argument('<name>', 'of the library')
    .option('--restored', 'it was restored from a backup: have all devices compare what they have')
    .action((name: string, { restored }: { restored?: true }) =>
      administer(async (administration) => {
        const { id } = await administration.find(name);
        const faults = await findFaults(administration.client, id);
        for (const fault of faults) print(fault);
        if (faults.length > 0) {
          throw new FramesiftError(
            'internal',
            `“${name}” is damaged in ${faults.length} places. Restore it from a backup, then run this with --restored.`,
          );
        }
        if (restored) await announceRestored(administration.client, id);
        const unindexed = await countUnindexed(administration.client, id);
        if (unindexed > 0)
          print(`Its index lacks ${unindexed} clips. Complete it with: npm run library -- index "${name}"`);
        const { clips, frames } = await measureWorkspace(administration.client, id);
        print(`“${name}” is whole: ${clips} clips, ${frames} frames.`);
      }),
    );

  program
    .command('index')
    .description('make the index by which a library too large for memory is searched (needs pgvector)')
    .argument('<name>', 'of the library')
    .option('--memory <megabytes>', 'of the database server, for building it', wholeNumber, INDEX_MEGABYTES)
    .option('--drop', 'remove it')
    .action((name: string, { memory: megabytes, drop }: { memory: number; drop?: true }) =>
      administer(async (administration) => {
        const workspace = await administration.find(name);
        if (drop) {
          const was = await administration.dropIndex(workspace);
          print(was ? `The index of “${name}” is gone.` : `“${name}” has no index.`);
          return;
        }
        const { frames } = await measureWorkspace(administration.client, workspace.id);
        const needed = Math.ceil((frames * BUILD_BYTES_PER_VECTOR) / 2 ** 20);
        if (needed > megabytes)
          print(
            `${frames} frames need about ${needed} MB to be built in memory; with ${megabytes} MB it takes much longer. To give more: --memory ${needed}`,
          );
        const count = await administration.index(workspace, { megabytes });
        print(
          `The index of “${name}” has ${count} vectors. It is used where the library has more frames than fit into FRAMESIFT_LIBRARY_SEARCH_MB, or than FRAMESIFT_LIBRARY_EXACT_FRAMES says.`,
        );
      }),
    );

  program
    .command('serve')
    .description('answer devices, without the page')
    .option('--port <port>', 'where to listen; 0 for any that is free', port, 3001)
    .option(
      '--host <host>',
      'which of this machine’s addresses; a proxy with HTTPS belongs before it',
      '127.0.0.1',
    )
    .action(serve);

  return program;
}

interface InviteOptions {
  page: string;
  server?: string;
  scope: Scope;
  uses: number;
  expires: number;
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 1 up.');
}

function port(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text);
  throw new InvalidArgumentError('It must be a number from 0 to 65535.');
}

function duration(text: string): number {
  const [, count, unit] = /^([1-9]\d{0,4})([mhd])$/.exec(text) ?? [];
  if (count === undefined || unit === undefined)
    throw new InvalidArgumentError('It must be a number with m, h or d, like 7d.');
  return Number(count) * UNITS_MS[unit]!;
}

function address(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError('It must be an address like https://clips.example.');
}
