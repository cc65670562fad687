/** Where a library server's routes begin, below its origin. */
export const API_PATH = '/library/v1';

/** Version of the protocol, as `GET /library/v1/` tells it. */
export const API_VERSION = 1;

/** Rows in one page. Page n of a clip holds frames 500 n to 500 n + 499. */
export const ROWS_PER_PAGE = 500;

/** Most frames a clip can have; `choose-timestamps.ts` plans no more. */
export const MAX_FRAMES = 20_000;

/** Bytes of a request's body as it is sent. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** Bytes of a page of rows once it is unpacked; 500 rows take about 3.3 MB. */
export const MAX_UNPACKED_BYTES = 8 * 1024 * 1024;

/** Bytes of one row as a line. */
export const MAX_LINE_BYTES = 16 * 1024;

/** Pictures in one page. */
export const MAX_PICTURES_PER_PAGE = 500;

/** Pictures in one answer. */
export const MAX_PICTURES_PER_ANSWER = 64;

/** Changes in one answer. */
export const MAX_CHANGES = 500;
