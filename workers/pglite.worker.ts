import { servePglite } from '@/lib/db/pglite-server';

void servePglite();
