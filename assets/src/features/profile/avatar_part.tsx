// The account's picture: chosen, looked at, then uploaded; the server cuts and rewrites it.
import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useRef, useState, type ChangeEvent } from "react";
import * as calls from "../../api/account_calls";
import { acceptMe, useMe } from "../../api/session";
import { Avatar } from "../../components/avatar";
import { useErrorText } from "../../components/error_text";
import styles from "./profile.module.css";
import { profileWords } from "./words";

const KINDS = ["image/png", "image/jpeg", "image/webp"];
const SIZE = 72;
type Choice = { file: File; address: string };

/** The content policy allows no blob addresses, so the preview is a data address. */
function readAddress(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error ?? new Error("the file cannot be read"));
    reader.readAsDataURL(file);
  });
}

function canDecode(address: string): Promise<boolean> {
  const image = new Image();
  image.src = address;
  return image.decode().then(
    () => true,
    () => false,
  );
}

export function AvatarPart() {
  const t = profileWords.use();
  const describe = useErrorText();
  const me = useMe();
  const input = useRef<HTMLInputElement>(null);
  const [choice, setChoice] = useState<Choice | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const accept = (avatarAtMs: number | null) => {
    setChoice(null);
    acceptMe({ ...me, account: { ...me.account, avatar_at_ms: avatarAtMs } });
  };
  const upload = useMutation({ mutationFn: calls.uploadAvatar, onSuccess: ({ avatar_at_ms }) => accept(avatar_at_ms ?? null) });
  const remove = useMutation({ mutationFn: calls.deleteAvatar, onSuccess: () => accept(null) });

  async function handleFile(event: ChangeEvent<HTMLInputElement>): Promise<void> {
    const file = event.currentTarget.files?.[0];
    // The same file chosen again is a change too.
    event.currentTarget.value = "";
    upload.reset();
    remove.reset();
    setChoice(null);
    if (!file) return;
    setWrong(KINDS.includes(file.type) ? null : t("picture_wrong"));
    if (!KINDS.includes(file.type)) return;
    const address = await readAddress(file).catch(() => "");
    if (address !== "" && (await canDecode(address))) setChoice({ file, address });
    else setWrong(t("picture_unreadable"));
  }

  const hasPicture = Boolean(me.account.avatar_at_ms);
  const failure = upload.error ?? remove.error;
  return (
    <section className={styles.picture} aria-label={t("picture")}>
      <Avatar person={me.account} size={SIZE} source={choice?.address} />
      <div className={styles.pictureText}>
        <p className={styles.soft}>{choice ? t("picture_preview") : t("picture_text")}</p>
        <input ref={input} type="file" accept={KINDS.join(",")} hidden onChange={(event) => void handleFile(event)} />
        <div className={styles.buttons}>
          {choice ? (
            <>
              <Button loading={upload.isPending} onClick={() => upload.mutate(choice.file)}>
                {t("picture_use")}
              </Button>
              <Button variant="default" onClick={() => setChoice(null)}>
                {t("cancel")}
              </Button>
            </>
          ) : (
            <>
              <Button variant="default" onClick={() => input.current?.click()}>
                {hasPicture ? t("picture_change") : t("picture_choose")}
              </Button>
              {hasPicture ? (
                <Button variant="default" loading={remove.isPending} onClick={() => remove.mutate()}>
                  {t("picture_remove")}
                </Button>
              ) : null}
            </>
          )}
        </div>
        {wrong !== null || failure ? (
          <p role="alert" className={styles.error}>
            {wrong ?? describe(failure)}
          </p>
        ) : null}
      </div>
    </section>
  );
}
