// The table of the interface: sticky head, numbers to the right, columns that step back on narrow screens, and an optional line
// below a row with more of it. Views say what a cell shows, not how it is laid out. On a phone a framed table is a list of cards,
// each cell with its column's name; the roles are spelled out, because a browser forgets a table that is not laid out as one.
import { Button } from "@mantine/core";
import { IconArrowDown } from "@tabler/icons-react";
import { Fragment, type ReactNode } from "react";
import page from "./page.module.css";
import styles from "./table.module.css";
import { componentWords } from "./words";

export type Column<Row> = {
  key: string;
  name: string;
  cell: (row: Row) => ReactNode;
  /** Tooltip of the cell, for text that may be cut off. */
  title?: (row: Row) => string | undefined;
  look?: "number" | "soft" | "strong" | "clip" | "actions";
  /** "minor" goes on a phone, "least" on a narrow screen already. */
  weight?: "minor" | "least";
  /** For screen readers only, as above a column of buttons. */
  isNameHidden?: boolean;
  sort?: { isSorted: boolean; onSort: () => void };
};

type TableProps<Row> = {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  /** A line of its own below the row; null for none. */
  detail?: (row: Row) => ReactNode;
  /** A table among other parts has a frame and its own height; without one it fills its pane. */
  isBoxed?: boolean;
  more?: { isLoading: boolean; onMore: () => void } | null;
};

const lookOf = <Row,>(column: Column<Row>) =>
  [column.look === "actions" ? `${page.number} ${styles.actions}` : column.look === "clip" ? `${page.soft} ${styles.clip}` : column.look === "strong" ? `${page.strong} ${styles.name}` : column.look ? page[column.look] : "", column.weight ? page[column.weight] : "", column.weight === "least" ? styles.least : ""]
    .filter(Boolean)
    .join(" ") || undefined;
const headLookOf = <Row,>(column: Column<Row>) => (column.look === "number" ? `${lookOf(column)} ${styles.numberHead}` : lookOf(column));

export function Table<Row>({ label, columns, rows, keyOf, detail, isBoxed, more }: TableProps<Row>) {
  const t = componentWords.use();
  return (
    <div className={isBoxed ? styles.box : page.tableScroll} tabIndex={0} role={isBoxed ? "group" : "region"} aria-label={label}>
      <table className={page.table} role="table">
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <th key={column.key} role="columnheader" scope="col" className={headLookOf(column)} aria-sort={column.sort?.isSorted ? "descending" : undefined}>
                <Head column={column} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => {
            const line = detail?.(row) ?? null;
            return (
              <Fragment key={keyOf(row)}>
                <tr role="row" data-open={line === null ? undefined : true}>
                  {columns.map((column) => (
                    <td key={column.key} role="cell" className={lookOf(column)} data-name={column.isNameHidden ? undefined : column.name} title={column.title?.(row)}>
                      {column.cell(row)}
                    </td>
                  ))}
                </tr>
                {line === null ? null : (
                  <tr role="row" className={styles.detail}>
                    <td role="cell" colSpan={columns.length}>
                      <div>{line}</div>
                    </td>
                  </tr>
                )}
              </Fragment>
            );
          })}
        </tbody>
      </table>
      {more ? (
        <div className={page.more}>
          <Button variant="default" loading={more.isLoading} onClick={more.onMore}>
            {t("load_more")}
          </Button>
        </div>
      ) : null}
    </div>
  );
}

function Head<Row>({ column }: { column: Column<Row> }) {
  if (column.isNameHidden) return <span className="visually-hidden">{column.name}</span>;
  if (!column.sort) return column.name;
  return (
    <button type="button" className={styles.sort} data-sorted={column.sort.isSorted} onClick={column.sort.onSort}>
      {column.name}
      <IconArrowDown size={14} stroke={1.5} aria-hidden />
    </button>
  );
}
