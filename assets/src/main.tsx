// Starts the interface: colour scheme first, so nothing flashes, then styles, then the application.
import "./theme/scheme";
import "./theme/fonts.css";
import "./theme/mantine.css";
import "./theme/tokens.css";
import "./theme/base.css";
import { createRoot } from "react-dom/client";
import { Application } from "./app/application";

const root = document.getElementById("root");
if (root) createRoot(root).render(<Application />);
