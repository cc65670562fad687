import { causesOf, FramesiftError, isA, property } from '@/lib/shared/errors';

/**
 * [Note: Errors that cost a worker]
 *
 * A lost graphics device, a hung run and an exhausted heap have one thing in common: nothing else works
 * in that worker any more (onnxruntime-web keeps one device and one heap a worker). They are told by
 * three codes, `worker-lost`, `timed-out` and `out-of-memory`, and whoever owns the worker replaces it
 * (docs/decisions/004). Any other error is of the call, and the worker stays.
 */
export function costsWorker(error: unknown): error is FramesiftError {
  return (
    isA(error, FramesiftError) &&
    (error.code === 'worker-lost' || error.code === 'timed-out' || error.code === 'out-of-memory')
  );
}

/**
 * What engines and onnxruntime say when memory is exhausted: V8's and JavaScriptCore's allocation errors,
 * emscripten's abort, C++'s bad_alloc, Dawn's out-of-memory errors.
 */
const OUT_OF_MEMORY =
  /out of memory|\boom\b|bad_alloc|failed to allocate|allocation fail|cannot enlarge memory|could not allocate|memory access out of bounds|out_of_(?:device|host)_memory|exhausted/i;

/** What Dawn and onnxruntime say when the device has gone, whatever its `lost` promise says. */
const DEVICE_LOST = /\bdevice\]? (?:is |was )?(?:lost|destroyed)|lost the device/i;

/** An error of onnxruntime, told apart by what has to be done about it. */
export function classifyRunError(error: unknown): unknown {
  if (isA(error, FramesiftError)) return error;
  const message = causesOf(error)
    .map((cause) => (typeof cause === 'string' ? cause : property(cause, 'message')))
    .join('\n');
  // onnxruntime-web can throw a bare number when its heap is exhausted (onnxruntime #10957).
  if (typeof error === 'number' || OUT_OF_MEMORY.test(message)) {
    return new FramesiftError(
      'out-of-memory',
      'There is not enough memory left for the model. Close other tabs or programs, then try again.',
      { transient: true, cause: error },
    );
  }
  if (DEVICE_LOST.test(message)) return deviceLost(error);
  return error;
}

export function deviceLost(cause?: unknown): FramesiftError {
  return new FramesiftError('worker-lost', 'The graphics device was lost.', { transient: true, cause });
}
