import { useQuery } from '@tanstack/react-query';
import { Navigate, Outlet, useLocation } from '@tanstack/react-router';
import { createContext, use } from 'react';
import { Loaded } from '../feedback/Loaded.tsx';
import { NowhereToBeFound } from '../shell/Broken.tsx';
import { pipelineAt } from './address.ts';
import { pipelinesQuery, type Pipeline } from './query.ts';

/** The one that a shared page is of. */
const PipelineOfPage = createContext<Pipeline | undefined>(undefined);

/** The pipeline of the page; only on pages below its name. */
export function usePipeline(): Pipeline {
  const pipeline = use(PipelineOfPage);
  if (pipeline === undefined) throw new Error('This page is of no pipeline.');
  return pipeline;
}

/** For what stands around every page: the pipeline of the address, or else the first. Undefined until they are known. */
export function useCurrentPipeline(): Pipeline | undefined {
  const { pathname } = useLocation();
  const pipelines = useQuery(pipelinesQuery).data ?? [];
  return pipelineAt(pathname, pipelines) ?? pipelines[0];
}

/** The pages that all pipelines share, of the one that the address names. */
export function PagesOfPipeline() {
  const { pathname } = useLocation();
  return (
    <Loaded query={useQuery(pipelinesQuery)}>
      {(pipelines) => {
        const pipeline = pipelineAt(pathname, pipelines);
        if (pipeline === undefined) return <NowhereToBeFound />;
        return (
          // Of another pipeline everything is another: what is ticked, typed or opened stays with its own.
          <PipelineOfPage key={pipeline.name} value={pipeline}>
            <Outlet />
          </PipelineOfPage>
        );
      }}
    </Loaded>
  );
}

/** Where one comes in: the overview of the first pipeline. */
export function FirstPipeline() {
  return (
    <Loaded query={useQuery(pipelinesQuery)}>
      {([first]) =>
        first === undefined ? (
          <NowhereToBeFound />
        ) : (
          <Navigate to="/$pipeline" params={{ pipeline: first.name }} replace />
        )
      }
    </Loaded>
  );
}
