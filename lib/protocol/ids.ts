import { z } from '@/lib/shared/zod';

/** What ids of clips, rows, revisions and devices may be made of: a UUID is. They also stand in addresses and in SQL. */
export const ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

export const id = z.string().regex(ID_PATTERN);

/** A time with its zone in ISO form. */
export const instant = z.iso.datetime({ offset: true });

/** Text that PostgreSQL can store: every character but NUL. */
export const text = z.string().refine((value) => !value.includes('\u0000'), 'must not hold a NUL character');
