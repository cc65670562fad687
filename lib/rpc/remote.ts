import * as Comlink from 'comlink';
import { Interruption } from '@/lib/shared/async';
import { CallScope, installCarrying, releaseCarried } from './carried';
import { installErrorTransfer } from './error-transfer';

export { transfer } from 'comlink';

type Method = (...values: never[]) => unknown;

/**
 * An object in another context. Its methods answer with promises; among their arguments may be an AbortSignal, ports,
 * which are transferred, and callbacks, which are called until the method has settled and not later.
 */
export type Remote<T> = {
  [Name in keyof T as T[Name] extends Method ? Name : never]: T[Name] extends (
    ...values: infer Values
  ) => infer Result
    ? (...values: Values) => Promise<Awaited<Result>>
    : never;
};

/** Where an object is served: a worker, a port, or inside a worker its global scope. */
export type Endpoint = Comlink.Endpoint;

/** Teaches this thread how errors, signals and callbacks cross. Every thread calls it once, before anything else. */
export function installRpc(): void {
  installErrorTransfer();
  installCarrying();
}

/** Answers calls of an object's methods that come through `endpoint`. */
export function serve(object: object, endpoint?: Endpoint): void {
  const served = new Proxy(object, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...values: unknown[]) => answer(() => Reflect.apply(member, target, values) as unknown, values);
    },
  });
  Comlink.expose(served, endpoint);
}

async function answer(call: () => unknown, values: readonly unknown[]): Promise<unknown> {
  try {
    return await call();
  } finally {
    values.forEach(releaseCarried);
  }
}

/**
 * The object that is served at the other side of `endpoint`.
 *
 * @param end rejects the calls that wait once the other side is gone
 */
export function connectRemote<T>(endpoint: Endpoint, end = new Interruption()): Remote<T> {
  const remote = Comlink.wrap<Record<string, Method>>(endpoint);
  return remoteOf<T>((name, values) => call(remote, end, name, values));
}

/** A remote object whose every call goes to the one that `current` gives then. */
export function forwardRemote<T>(current: () => Remote<T>): Remote<T> {
  return remoteOf<T>((name, values) => {
    const method = Reflect.get(current(), name) as (...given: unknown[]) => Promise<unknown>;
    return method(...values);
  });
}

function remoteOf<T>(answerTo: (name: string, values: unknown[]) => Promise<unknown>): Remote<T> {
  return new Proxy({} as Remote<T>, {
    get: (_, name) =>
      // A promise that gives a remote object must not take it for another promise.
      typeof name !== 'string' || name === 'then'
        ? undefined
        : (...values: unknown[]) => answerTo(name, values),
  });
}

async function call(
  remote: Comlink.Remote<Record<string, Method>>,
  end: Interruption,
  name: string,
  values: unknown[],
): Promise<unknown> {
  const scope = new CallScope();
  let given: unknown[];
  try {
    given = values.map((value) => scope.carry(value));
  } catch (error) {
    scope.closeNow();
    throw error;
  }
  try {
    const method = remote[name] as unknown as (...given: unknown[]) => Promise<unknown>;
    return await end.race(method(...given));
  } finally {
    if (end.isOver) scope.closeNow();
    else await scope.close();
  }
}
