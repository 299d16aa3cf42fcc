/** What is around every page: header, sidebar, and the main landmark. */

import { useEffect, useRef, useState, useSyncExternalStore, type ReactNode } from "react";

import { useTexts } from "../i18n";
import { cx, Icon, IconButton } from "../ui";
import { AccountMenu } from "./AccountMenu";
import { Link, useLocation } from "./router";
import { SearchBox } from "./SearchBox";
import { useSession, useSite } from "./session";
import styles from "./shell.module.css";
import { Channels, Sidebar } from "./Sidebar";
import { TEXTS } from "./texts";

/** `ownSide`: what is in it has a side navigation of its own, so that of channels is left out. */
export function Shell({ ownSide = false, children }: { ownSide?: boolean; children: ReactNode }): ReactNode {
  const texts = useTexts(TEXTS);
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#main" onClick={skip}>
        {texts.skip}
      </a>
      <Header />
      {!ownSide && <Sidebar />}
      <main id="main" tabIndex={-1} className={styles.main}>
        <Banners />
        {children}
      </main>
    </div>
  );
}

function skip(event: { preventDefault: () => void }): void {
  event.preventDefault(); // the address stays as it is
  document.getElementById("main")?.focus();
}

function Header(): ReactNode {
  const texts = useTexts(TEXTS);
  const site = useSite();
  return (
    <header className={styles.header}>
      <div className={styles.start}>
        <Drawer />
        <Link className={styles.brand} to="/" aria-label={texts.home(site.name)}>
          <Icon name="wave" size={24} />
          <span>{site.name}</span>
        </Link>
        <nav className={styles.nav} aria-label={texts.mainNavigation}>
          <Places />
        </nav>
      </div>
      <SearchBox className={styles.search} />
      <div className={styles.end}>
        <Link className={styles.searchLink} to="/search" aria-label={texts.search}>
          <Icon name="search" />
        </Link>
        <AccountMenu signUpClass={styles.signup} />
      </div>
    </header>
  );
}

function Places({ icons = false }: { icons?: boolean }): ReactNode {
  const texts = useTexts(TEXTS);
  const { user } = useSession();
  return (
    <>
      {user !== null && (
        <Link to="/directory/following">
          {icons && <Icon name="heart" />}
          {texts.following}
        </Link>
      )}
      <Link to="/directory">
        {icons && <Icon name="browse" />}
        {texts.browse}
      </Link>
    </>
  );
}

/** On small screens: places and channels behind a button. */
function Drawer(): ReactNode {
  const texts = useTexts(TEXTS);
  const [open, setOpen] = useState(false);
  const { path, search } = useLocation();
  const where = `${path}?${search.toString()}`;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    setOpen(false);
  }, [where]);
  useEffect(() => {
    if (open) {
      dialog.current?.showModal();
    }
  }, [open]);
  return (
    <>
      <IconButton
        className={styles.burger}
        icon="menu"
        label={texts.menu}
        aria-expanded={open}
        onClick={() => {
          setOpen(true);
        }}
      />
      {open && (
        <dialog
          ref={dialog}
          className={styles.drawer}
          aria-label={texts.menu}
          onClose={() => {
            setOpen(false);
          }}
          onPointerDown={(event) => {
            if (event.target === dialog.current) {
              setOpen(false);
            }
          }}
        >
          <div className={styles.drawerHead}>
            <IconButton
              icon="close"
              label={texts.closeMenu}
              onClick={() => {
                setOpen(false);
              }}
            />
          </div>
          <nav className={styles.drawerNav} aria-label={texts.mainNavigation}>
            <Link to="/">
              <Icon name="home" />
              {texts.toHome}
            </Link>
            <Places icons />
          </nav>
          <Channels />
        </dialog>
      )}
    </>
  );
}

function Banners(): ReactNode {
  const texts = useTexts(TEXTS);
  const { announcement } = useSite();
  const online = useOnline();
  return (
    <>
      {announcement !== "" && (
        <p className={styles.banner} role="note">
          <Icon name="megaphone" />
          {announcement}
        </p>
      )}
      <div role="status">{!online && <p className={cx(styles.banner, styles.warn)}>{texts.away}</p>}</div>
    </>
  );
}

function useOnline(): boolean {
  return useSyncExternalStore(
    (listener) => {
      window.addEventListener("online", listener);
      window.addEventListener("offline", listener);
      return () => {
        window.removeEventListener("online", listener);
        window.removeEventListener("offline", listener);
      };
    },
    () => navigator.onLine,
  );
}
