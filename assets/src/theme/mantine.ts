// Maps Mantine's theme to our tokens, so that its components and ours share one palette, one size and one radius.
import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";
import { readStoredTheme, storeTheme, type Theme } from "./scheme";

// Mantine wants ten literal shades; the variables below replace every use of them by tokens.
const accent = Array.from({ length: 10 }, () => "#4f46e5") as unknown as MantineColorsTuple;

export const theme = createTheme({
  primaryColor: "accent",
  colors: { accent },
  fontFamily: "var(--font-text)",
  fontFamilyMonospace: "var(--font-mono)",
  fontSizes: { xs: "12px", sm: "13.5px", md: "13.5px", lg: "15px", xl: "20px" },
  lineHeights: { xs: "16px", sm: "20px", md: "20px", lg: "22px", xl: "28px" },
  defaultRadius: 6,
  cursorType: "pointer",
  respectReducedMotion: true,
  // Plain objects: naming the components themselves would put all of them into the first view.
  components: {
    Button: { defaultProps: { size: "sm" }, vars: () => ({ root: { "--button-height": "32px", "--button-padding-x": "12px", "--button-fz": "13.5px" } }) },
    TextInput: { defaultProps: { size: "sm" } },
    PasswordInput: { defaultProps: { size: "sm" } },
    Select: { defaultProps: { size: "sm", allowDeselect: false, comboboxProps: { shadow: "none", transitionProps: { duration: 120 } } } },
    Switch: { defaultProps: { size: "sm" } },
    SegmentedControl: { defaultProps: { size: "xs", transitionDuration: 120, withItemsBorders: false } },
    Menu: { defaultProps: { shadow: "none", transitionProps: { duration: 120 }, withinPortal: true, withInitialFocusPlaceholder: false } },
    Popover: { defaultProps: { shadow: "none", transitionProps: { duration: 120 } } },
    Tooltip: { defaultProps: { events: { hover: true, focus: true, touch: false }, openDelay: 350, closeDelay: 0, transitionProps: { duration: 120 }, withinPortal: true } },
  },
});

const shared = {
  "--mantine-color-body": "var(--surface)",
  "--mantine-color-text": "var(--text)",
  "--mantine-color-dimmed": "var(--text-secondary)",
  "--mantine-color-placeholder": "var(--text-tertiary)",
  "--mantine-color-anchor": "var(--accent-text)",
  "--mantine-color-default": "var(--surface)",
  "--mantine-color-default-hover": "var(--hover)",
  "--mantine-color-default-color": "var(--text)",
  "--mantine-color-default-border": "var(--border-strong)",
  "--mantine-color-error": "var(--negative)",
  "--mantine-color-disabled": "var(--neutral-soft)",
  "--mantine-color-disabled-color": "var(--text-tertiary)",
  "--mantine-color-disabled-border": "var(--border)",
  "--mantine-primary-color-filled": "var(--accent)",
  "--mantine-primary-color-filled-hover": "var(--accent-hover)",
  "--mantine-primary-color-light": "var(--accent-soft)",
  "--mantine-primary-color-light-hover": "var(--accent-soft)",
  "--mantine-primary-color-light-color": "var(--accent-text)",
  "--mantine-primary-color-contrast": "var(--on-accent)",
  "--mantine-color-accent-filled": "var(--accent)",
  "--mantine-color-accent-filled-hover": "var(--accent-hover)",
  "--mantine-color-accent-light": "var(--accent-soft)",
  "--mantine-color-accent-light-hover": "var(--accent-soft)",
  "--mantine-color-accent-light-color": "var(--accent-text)",
  "--mantine-color-accent-outline": "var(--accent-text)",
};

export const cssVariablesResolver: CSSVariablesResolver = () => ({ variables: {}, light: shared, dark: shared });

export const colorSchemeManager = {
  get: () => readStoredTheme(),
  set: (value: Theme) => storeTheme(value),
  subscribe: () => undefined,
  unsubscribe: () => undefined,
  clear: () => storeTheme("auto"),
};

export function readStyleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
}
