import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { ApiError, get } from "../api/client";
import type { Category, Data } from "../api/types";
import { useTitle } from "../app/router";
import type { PageProps } from "../app/routes";
import { useTexts } from "../i18n";
import { ButtonLink, Empty, ErrorNote, SpinnerPage } from "../ui";
import { BoxArt } from "./CategoryCard";
import { FilteredStreams } from "./filters";
import styles from "./page.module.css";
import { TEXTS } from "./texts";

/** What is live in one category. */
export default function CategoryPage({ params }: PageProps): ReactNode {
  const texts = useTexts(TEXTS);
  const id = params.id ?? "";
  const { data, error, refetch } = useQuery({
    queryKey: ["category", id],
    queryFn: ({ signal }) => category(id, signal),
    staleTime: 10 * 60_000,
  });
  useTitle(data?.name ?? texts.categories);
  if (data === null) {
    return (
      <Empty
        wholePage
        icon="browse"
        title={texts.noCategory}
        text={texts.noCategoryText}
        action={
          <ButtonLink to="/directory" kind="primary">
            {texts.allCategories}
          </ButtonLink>
        }
      />
    );
  }
  return (
    <div className={styles.page}>
      {error !== null && <ErrorNote error={error} retry={refetch} />}
      {data === undefined ? (
        error === null && <SpinnerPage label={texts.loading} />
      ) : (
        <>
          <div className={styles.head}>
            <BoxArt category={data} />
            <div className={styles.headText}>
              <h1 className={styles.title}>
                <bdi>{data.name}</bdi>
              </h1>
              <p className={styles.quiet}>{texts.liveChannels}</p>
            </div>
          </div>
          <section className={styles.section}>
            <h2 className="visually-hidden">{texts.liveChannels}</h2>
            <FilteredStreams gameId={data.id} />
          </section>
        </>
      )}
    </div>
  );
}

/** null: there is none, also where the id is no number. */
async function category(id: string, signal: AbortSignal): Promise<Category | null> {
  if (!/^[1-9][0-9]{0,17}$/.test(id)) {
    return null;
  }
  try {
    return (await get<Data<Category>>("/games", { id }, signal)).data[0] ?? null;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) {
      return null;
    }
    throw error;
  }
}
