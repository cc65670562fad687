import { Workbench } from './_components/workbench';

export default function Page() {
  return <Workbench />;
}
