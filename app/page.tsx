'use client';

import { InsecurePage } from './_components/insecure-page';
import { MissingScripts } from './_components/missing-scripts';
import { Workbench } from './_components/workbench';
import { useIsSecurePage } from './_hooks/secure-page';

export default function Page() {
  const isSecure = useIsSecurePage();
  return (
    <>
      {isSecure ? <Workbench /> : <InsecurePage />}
      <MissingScripts />
    </>
  );
}
