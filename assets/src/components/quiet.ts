// A typed value once the typing has paused, for what is asked of the server with it.
import { useEffect, useState } from "react";

const TYPING_MS = 300;

export function useQuiet<Value>(value: Value): Value {
  const [quiet, setQuiet] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setQuiet(value), TYPING_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return quiet;
}
