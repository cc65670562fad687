'use client';

import { InsecurePage } from './_components/insecure-page';
import { Workbench } from './_components/workbench';
import { useIsSecurePage } from './_hooks/secure-page';

export default function Page() {
  return useIsSecurePage() ? <Workbench /> : <InsecurePage />;
}
