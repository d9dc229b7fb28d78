// A question asked in place whose answer needs a proof: the password, or a code from the app.
import { useState } from "react";
import { readProof, type TypedProof } from "../../components/proof";
import { isProofRefused, ProofField } from "../../components/proof_field";
import { Question } from "./part";

type Props = { text: string; action: string; isPending: boolean; error: unknown; onProof: (proof: TypedProof) => void; onCancel: () => void };

export function ProofQuestion({ text, action, isPending, error, onProof, onCancel }: Props) {
  const [typed, setTyped] = useState("");
  return (
    <Question text={text} action={action} isPending={isPending} onConfirm={() => onProof(readProof(typed))} onCancel={onCancel} error={isProofRefused(error) ? null : error}>
      <ProofField value={typed} onChange={setTyped} error={error} isFirst />
    </Question>
  );
}
