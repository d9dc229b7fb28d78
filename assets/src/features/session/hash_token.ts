// A token that stands behind the # of a link: never in a request line or a referrer, and out of the address as soon as it is read.
import { useEffect, useState } from "react";

function readHash(): string {
  try {
    return decodeURIComponent(window.location.hash.slice(1));
  } catch {
    return "";
  }
}

/** Empty if the address carries none. A second link opened in the same tab replaces the first. */
export function useHashToken(): string {
  const [token, setToken] = useState(readHash);
  useEffect(() => {
    const take = () => {
      const found = readHash();
      if (found === "") return;
      setToken(found);
      window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search);
    };
    take();
    window.addEventListener("hashchange", take);
    return () => window.removeEventListener("hashchange", take);
  }, []);
  return token;
}
