// A view made of sections: their names in groups at the side, the chosen one beside them; on a phone the names are a line above.
import { Link } from "@tanstack/react-router";
import type { Icon } from "@tabler/icons-react";
import { useEffect, useRef, type ReactNode } from "react";
import { Page } from "./page";
import styles from "./section.module.css";

export type SectionLink = { name: string; label: string; icon: Icon };
export type SectionGroup = { name: string; sections: readonly SectionLink[] };
type SectionsProps = {
  title: string;
  navigation: string;
  address: "/settings/$section" | "/admin/$section";
  groups: readonly SectionGroup[];
  current: string;
  actions?: ReactNode;
  children: ReactNode;
};

export function Sections({ title, navigation, address, groups, current, actions, children }: SectionsProps) {
  const links = useRef<HTMLElement>(null);
  // On a phone the names scroll sideways; the chosen one is in sight.
  useEffect(() => {
    links.current?.querySelector('[data-status="active"]')?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [current]);
  return (
    <Page title={title} actions={actions}>
      <div className={styles.layout}>
        <nav ref={links} className={styles.sections} aria-label={navigation}>
          {groups.map((group) => (
            <div key={group.name} className={styles.sectionGroup}>
              {groups.length > 1 ? <h2>{group.name}</h2> : null}
              <ul>
                {group.sections.map(({ name, label, icon: SectionIcon }) => (
                  <li key={name}>
                    <Link to={address} params={{ section: name }}>
                      <SectionIcon size={18} stroke={1.5} aria-hidden />
                      {label}
                    </Link>
                  </li>
                ))}
              </ul>
            </div>
          ))}
        </nav>
        <div className={styles.content} tabIndex={0} role="region" aria-label={current}>
          {children}
        </div>
      </div>
    </Page>
  );
}

/** The head of a section or of a part of one: name, one sentence, and its main action. */
export function SectionHead({ title, text, action }: { title: string; text?: ReactNode; action?: ReactNode }) {
  return (
    <div className={styles.head}>
      <div>
        <h2>{title}</h2>
        {text ? <p className={styles.soft}>{text}</p> : null}
      </div>
      {action}
    </div>
  );
}
