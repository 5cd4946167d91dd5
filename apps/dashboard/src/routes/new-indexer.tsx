import { believedOrganization } from "../api/believed-organization.ts";
import { NewIndexerForm } from "../features/indexer-lab/new-indexer-form.tsx";
import { PageHeader } from "../ui/card.tsx";
import { usePageTitle } from "../ui/page-title.ts";

export function NewIndexerPage() {
  usePageTitle("Create indexer");
  return (
    <>
      <PageHeader
        title="Create indexer"
        lead="Name the contracts. The indexer reads their events from the start block on, then follows the chain."
      />
      <NewIndexerForm organizationId={believedOrganization() ?? ""} />
    </>
  );
}
