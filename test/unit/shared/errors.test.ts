import * as Comlink from 'comlink';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { classifyRunError } from '@/lib/encoder/run-errors';
import { toStorageError } from '@/lib/library/client';
import { Gateway } from '@/lib/library/gateway';
import { TabNetwork } from '../../support/tab-network';
import { FramesiftServices } from '@/lib/core/services';
import { installRpc } from '@/lib/rpc/remote';
import { describeThrown, explainFailure, FramesiftError, toFramesiftError } from '@/lib/shared/errors';

/** An object whose every property throws, as a revoked proxy's does. */
function unreadable(): unknown {
  const fail = (): never => {
    throw new TypeError('revoked');
  };
  // fast-check looks for a method of its own behind a symbol.
  const failForNames = (_: object, name: string | symbol) => {
    if (typeof name !== 'symbol') fail();
    return undefined;
  };
  return new Proxy(
    {},
    {
      get: failForNames,
      has: (target, name) => {
        failForNames(target, name);
        return false;
      },
      getPrototypeOf: fail,
      ownKeys: fail,
    },
  );
}

function circular(): Error {
  const error = new Error('outer');
  error.cause = new Error('inner', { cause: error });
  return error;
}

const DOM_NAMES = [
  ...['AbortError', 'QuotaExceededError', 'NotReadableError', 'NotFoundError', 'SecurityError'],
  ...[
    'NotAllowedError',
    'TimeoutError',
    'DataCloneError',
    'InvalidStateError',
    'EncodingError',
    'OperationError',
  ],
];

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.lorem(),
  fc.constantFrom('', '[object Object]', 'a\n    at b'),
);

/** Kinds of things that browsers, engines, libraries and programs throw. */
const thrownThings: fc.Arbitrary<unknown> = fc.letrec<{ thrown: unknown }>((tie) => ({
  thrown: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.anything({
      withBigInt: true,
      withDate: true,
      withNullPrototype: true,
      withMap: true,
      withTypedArray: true,
    }),
    text,
    fc.string().map((description) => Symbol(description)),
    text.map((message) => new RangeError(message)),
    fc.tuple(text, fc.constantFrom(...DOM_NAMES)).map(([message, name]) => new DOMException(message, name)),
    // What emscripten's file systems throw.
    fc.integer({ min: 0, max: 80 }).map((errno) => ({ name: 'ErrnoError', errno })),
    fc.constant(new Event('error')),
    fc.constant(unreadable()),
    fc.constant(circular()),
    fc.constant(() => 'a function'),
    // An ErrorEvent, a PromiseRejectionEvent, an Error with a cause.
    fc.tuple(text, tie('thrown')).map(([message, error]) => ({ type: 'error', message, error })),
    tie('thrown').map((reason) => ({ type: 'unhandledrejection', reason })),
    fc.tuple(text, tie('thrown')).map(([message, cause]) => new Error(message, { cause })),
  ),
})).thrown;

const WAY_ON =
  /\b(?:try again|reload|delete a clip|close (?:the )?other|allow it|reading starts again|ask again)\b/i;

/** One line that begins and ends as a sentence does, holds no value as a program prints it, and has a way on. */
function expectSentence(message: string): void {
  expect(message).toMatch(/^[\p{Lu}“].*[.!?…]$/u);
  expect(message).not.toMatch(/\[object |\p{Cc}|\(undefined\)|\(null\)/u);
  expect(message.length).toBeLessThan(500);
  expect(message).toMatch(WAY_ON);
}

describe('any thrown thing', () => {
  const check = (toMessage: (thrown: unknown) => string | null | Promise<string | null>) =>
    fc.assert(
      fc.asyncProperty(thrownThings, async (thrown) => {
        const message = await toMessage(thrown);
        if (message !== null) expectSentence(message);
      }),
      { numRuns: 300 },
    );
  const messageOf = (error: FramesiftError) => (error.code === 'cancelled' ? null : error.message);

  it('becomes a sentence with a way on', () => check((thrown) => messageOf(toFramesiftError(thrown))));

  it('becomes one with what happened at its beginning', () =>
    check((thrown) => messageOf(toFramesiftError(thrown, 'This file could not be opened.'))));

  it('stays one between a worker and the page', () => {
    installRpc();
    const handler = Comlink.transferHandlers.get('throw')!;
    return check((value) => {
      const [serialised] = handler.serialize({ value });
      try {
        handler.deserialize(structuredClone(serialised));
      } catch (error) {
        return messageOf(error as FramesiftError);
      }
      throw new Error('nothing was thrown');
    });
  });

  it('becomes one in the library', () => check((thrown) => messageOf(toStorageError(thrown))));

  it('becomes one when a worker reports it', () => {
    const workers: EventTarget[] = [];
    const make = () => {
      const worker = Object.assign(new EventTarget(), {
        postMessage: vi.fn(),
        terminate: vi.fn(),
        start: vi.fn(),
      });
      workers.push(worker);
      return worker as unknown as Worker;
    };
    const services = new FramesiftServices({
      database: make,
      video: make,
      encoder: make,
      models: make,
      search: make,
      sync: make,
      thread: make,
    });
    let told: string | null = null;
    services.onWorkerError = (message) => (told = message);
    return check((error) => {
      services.prepare();
      workers.at(-1)!.dispatchEvent(Object.assign(new Event('error'), { error }));
      return told;
    }).finally(() => services.close());
  });

  it('becomes one after the model has failed with it', () =>
    check((thrown) => {
      const error = toFramesiftError(classifyRunError(thrown));
      // Whoever owns the worker replaces it and goes on: nobody is told.
      return error.code === 'worker-lost' ? null : messageOf(error);
    }));

  it('becomes one after the tab that owns the library has failed with it', () =>
    check(async (thrown) => {
      const network = new TabNetwork();
      const tabs = ['owner', 'follower'].map(
        (tab) =>
          new Gateway({
            tab,
            ports: network.portsOf(tab),
            names: { lock: 'library', meeting: 'meeting', tab: 'tab:' },
            open: () =>
              Promise.resolve(() => {
                throw toStorageError(thrown);
              }),
          }),
      );
      try {
        await tabs[1]!.call('info', []);
      } catch (error) {
        return messageOf(error as FramesiftError);
      } finally {
        for (const tab of tabs) tab.close();
      }
      throw new Error('nothing was thrown');
    }));

  it('becomes one where a part of the page fails with it', () =>
    check((thrown) => explainFailure('This clip cannot be shown.', thrown)));
});

describe('toFramesiftError', () => {
  it.each([
    ['a full disk, as PostgreSQL’s file system throws it', { name: 'ErrnoError', errno: 51 }],
    ['a full quota, whatever its class', { name: 'QuotaExceededError', message: '' }],
    ['a full disk in a cause', new Error('insert failed', { cause: new Error('No space left on device') })],
  ])('knows %s', (_, thrown) => {
    const error = toFramesiftError(thrown);
    expect(error.code).toBe('storage-full');
    expect(error.message).toContain('Delete a clip from the library');
  });

  it.each([
    [new Error('outer', { cause: new Error('relation "x" does not exist') }), 'relation "x" does not exist'],
    [new TypeError('x is not a function.\n    at y (https://a/b.js:1:2)'), 'x is not a function'],
    [{ message: 'Uncaught Error: worker died' }, 'worker died'],
    [123456, 'code 123456'],
    [{ errno: 44 }, 'error number 44'],
    [{}, null],
    [null, null],
    [undefined, null],
    ['[object Object]', null],
    [new Error('[{"code":"invalid_type"}]'), null],
    [new Event('error'), null],
  ])('says of %o: %s', (thrown, detail) => expect(describeThrown(thrown)).toBe(detail));

  it('keeps the sentence of an error that has one, however deep it lies', () => {
    const known = new FramesiftError('bad-input', 'This is no clip. Choose another file.');
    expect(toFramesiftError(new Error('x', { cause: { reason: known } }))).toBe(known);
  });
});
