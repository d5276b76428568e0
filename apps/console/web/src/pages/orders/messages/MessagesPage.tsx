import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { overviewQuery } from '../../../api/overview.ts';
import { Empty } from '../../../feedback/Empty.tsx';
import { Page } from '../../../feedback/Page.tsx';
import { Panel } from '../../../feedback/Panel.tsx';
import { RouterAnchor } from '../../../link/links.tsx';
import { FilterForm } from '../../../list/FilterForm.tsx';
import { Misunderstood } from '../../../list/Misunderstood.tsx';
import { understand, type Understood } from '../../../url/asked.ts';
import { given } from '../../../url/given.ts';
import { fieldsFor } from './fields.ts';
import { Found } from './Found.tsx';
import { isSystemAlone, messagesSearch, type MessagesSearch } from './search.ts';
import { ORDERS } from '../name.ts';

const route = getRouteApi('/orders/messages');

/** Finds messages, by an index for every question. */
export function MessagesPage() {
  const understood = understand(messagesSearch, route.useSearch());
  const navigate = route.useNavigate();
  const systems = useQuery(overviewQuery(ORDERS)).data?.systems.map(({ name }) => name) ?? [];
  return (
    <Page title="Messages" intro="Every order that was published: where it is, and what happened to it.">
      <Panel title="Search">
        <FilterForm
          label="Search messages"
          fields={fieldsFor(systems)}
          schema={messagesSearch}
          values={understood.search}
          onFilled={(filled) => void navigate({ search: filled })}
        />
      </Panel>
      <Answered {...understood} />
    </Page>
  );
}

/** What was found, or why nothing is searched. */
function Answered({ search, wrong }: Understood<MessagesSearch>) {
  if (wrong.length > 0) {
    return (
      <Misunderstood wrong={wrong}>
        <RouterAnchor to="/orders/messages" search={given(search)} size="sm">
          Search without it
        </RouterAnchor>
      </Misunderstood>
    );
  }
  if (!isSystemAlone(search)) return <Found search={search} />;
  const { system = '' } = search;
  return (
    <Empty title="What of this system?">
      No index answers for a whole system: give words or a source id too. There is also the list of{' '}
      <RouterAnchor
        to="/$pipeline/dead-letters/list"
        params={{ pipeline: ORDERS }}
        search={{ state: 'dead', origin: system }}
      >
        the dead letters of {system}
      </RouterAnchor>
      .
    </Empty>
  );
}
