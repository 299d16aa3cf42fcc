import { QueryClientProvider } from "@tanstack/react-query";
import { Suspense, useEffect, useState, type ReactNode } from "react";

import { ApiError } from "../api/client";
import { useTexts } from "../i18n";
import { ErrorNote, SpinnerPage, Toasts } from "../ui";
import { Catcher } from "./Catcher";
import { queryClient } from "./queries";
import { nameSite, useArrival, useLocation } from "./router";
import { findRoute } from "./routes";
import { useSite } from "./session";
import { Shell } from "./shell";
import { TEXTS } from "./texts";

const LONG_MS = 4000;
const NO_ANSWER = new ApiError(0, "The server does not answer.");

/** The application: the page that the address says, in the frame that it wants. */
export function App(): ReactNode {
  return (
    <QueryClientProvider client={queryClient}>
      <Suspense fallback={<Waiting forSite />}>
        <Frame />
      </Suspense>
      <Toasts />
    </QueryClientProvider>
  );
}

function Frame(): ReactNode {
  nameSite(useSite().name);
  useArrival();
  const { path } = useLocation();
  const { route, params } = findRoute(path);
  const page = (
    // Another path is another page, also where both are of one kind: nothing of one channel is left on the next one's.
    <Catcher key={route.keep === true ? route.pattern : path}>
      <Suspense fallback={<Waiting />}>
        <route.page params={params} />
      </Suspense>
    </Catcher>
  );
  return route.bare === true ? (
    <main id="main" tabIndex={-1}>
      {page}
    </main>
  ) : (
    <Shell ownSide={route.ownSide === true}>{page}</Shell>
  );
}

/** `forSite`: nothing is there yet; when that takes long, the server does not answer, and the page says so. */
function Waiting({ forSite = false }: { forSite?: boolean }): ReactNode {
  const texts = useTexts(TEXTS);
  const [long, setLong] = useState(false);
  useEffect(() => {
    const timer = window.setTimeout(() => {
      setLong(forSite);
    }, LONG_MS);
    return () => {
      window.clearTimeout(timer);
    };
  }, [forSite]);
  return long ? <ErrorNote error={NO_ANSWER} /> : <SpinnerPage label={texts.loading} />;
}
