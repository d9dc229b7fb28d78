//! Pictures of people: what is taken, what is kept of it, who sees it, and files made to do harm.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use salesbrain::account::permission::{Permission, Role, StaffRole};
use serde_json::{Value, json};

use crate::support::{Answer, Person, Request, TestApp};

const UPLOAD: &str = "/api/v1/uploads/avatar";

/// Left half red, right half blue.
fn picture(width: u32, height: u32) -> DynamicImage {
    let colour = |x: u32, _y: u32| if x < width / 2 { Rgb([250, 0, 0]) } else { Rgb([0, 0, 250]) };
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, colour))
}

fn encoded(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture(width, height).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    encoded(width, height, ImageFormat::Png)
}

/// One chunk of a PNG.
fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let mut bytes = u32::try_from(data.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend_from_slice(&kind);
    bytes.extend_from_slice(data);
    let mut sum = crc32fast::Hasher::new();
    sum.update(&bytes[4..]);
    bytes.extend_from_slice(&sum.finalize().to_be_bytes());
    bytes
}

/// Puts chunks behind the header of a PNG.
fn with_chunks(png: &[u8], chunks: &[Vec<u8>]) -> Vec<u8> {
    let (header, rest) = png.split_at(33);
    [header, &chunks.concat(), rest].concat()
}

/// A PNG whose header speaks of another size than it has.
fn resized(png: &[u8], width: u32, height: u32) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &png[24..29]].concat();
    [&png[..8], &chunk(*b"IHDR", &header), &png[33..]].concat()
}

/// A JPEG with what cameras write: where it was, and that it lies on its side.
fn photo() -> Vec<u8> {
    let jpeg = encoded(64, 64, ImageFormat::Jpeg);
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08".to_vec();
    // One entry: orientation, a short, 6: to be turned clockwise.
    exif.extend_from_slice(&[0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0]);
    exif.extend_from_slice(b"47.3769N 8.5417E <script>alert(1)</script>");
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &exif, &jpeg[2..]].concat()
}

/// Uploads a picture as the body.
pub(crate) async fn upload(test: &TestApp, token: &str, content_type: &str, bytes: Vec<u8>) -> Answer {
    let request = test.client.post(test.url(UPLOAD)).bearer_auth(token);
    Answer::read(request.header("content-type", content_type).body(bytes).send().await.unwrap()).await
}

async fn upload_form(test: &TestApp, person: &Person, field: &str, part: Part) -> Answer {
    let form = Form::new().text("comment", "mine").part(field.to_owned(), part);
    let request = test.client.post(test.url(UPLOAD)).bearer_auth(&person.token).multipart(form);
    Answer::read(request.send().await.unwrap()).await
}

/// The bytes of someone's picture as someone sees it.
async fn download(test: &TestApp, path: &str, token: &str) -> (u16, reqwest::header::HeaderMap, Vec<u8>) {
    let answer = test.client.get(test.url(path)).bearer_auth(token).send().await.unwrap();
    (answer.status().as_u16(), answer.headers().clone(), answer.bytes().await.unwrap().to_vec())
}

fn path_of(person: &Person) -> String {
    format!("/api/v1/accounts/{}/avatar", person.account_id)
}

async fn me(test: &TestApp, person: &Person) -> Value {
    test.get("/api/v1/auth/me", person).await.expect(200).data()
}

#[tokio::test]
async fn a_picture_is_made_anew_and_shown() {
    let test = TestApp::start().await;
    let person = &test.operator;
    assert_eq!(me(&test, person).await["account"]["avatar_at_ms"], Value::Null);
    let mut last = 0;
    for (content_type, bytes) in [
        ("image/png", png(300, 200)),
        ("image/jpeg", encoded(200, 300, ImageFormat::Jpeg)),
        ("image/webp", encoded(40, 40, ImageFormat::WebP)),
        // What it is decides, not what it is called.
        ("image/gif", png(1, 1)),
    ] {
        let at_ms =
            upload(&test, &person.token, content_type, bytes.clone()).await.expect(200).data()["avatar_at_ms"].clone();
        assert_eq!(me(&test, person).await["account"]["avatar_at_ms"], at_ms);
        assert!(at_ms.as_i64().unwrap() > last, "each upload has a time of its own");
        last = at_ms.as_i64().unwrap();
        let (status, headers, made) = download(&test, &path_of(person), &person.token).await;
        assert_eq!(status, 200);
        assert_eq!(headers["content-type"], "image/png");
        assert_ne!(made, bytes);
        let made = image::load_from_memory_with_format(&made, ImageFormat::Png).unwrap().into_rgb8();
        assert_eq!(made.dimensions(), (256, 256));
        if content_type == "image/png" {
            let (left, right) = (made.get_pixel(40, 128), made.get_pixel(216, 128));
            assert!(left.0[0] > 200 && right.0[2] > 200, "{left:?} {right:?}");
        }
    }
    let answer = test.send(Method::DELETE, UPLOAD, Request { token: Some(&person.token), ..Request::default() }).await;
    assert_eq!(answer.expect(200).data(), json!({ "avatar_at_ms": null }));
    assert_eq!(me(&test, person).await["account"]["avatar_at_ms"], Value::Null);
    test.get(&path_of(person), person).await.expect_refusal(404, "not_found");
    // A second time there is nothing to take away, which is no failure.
    test.send(Method::DELETE, UPLOAD, Request { token: Some(&person.token), ..Request::default() }).await.expect(200);
    assert_eq!(
        list_actions(&test).await,
        ["account.avatar_changed"; 4].into_iter().chain(["account.avatar_deleted"]).collect::<Vec<_>>()
    );
}

/// What the appliance's audit log says happened to pictures.
async fn list_actions(test: &TestApp) -> Vec<String> {
    let read = |connection: &rusqlite::Connection| -> Result<Vec<String>, salesbrain::store::Error> {
        let mut statement =
            connection.prepare("SELECT action FROM audit WHERE action LIKE 'account.avatar%' ORDER BY sequence")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    };
    test.app.control.read(read).await.unwrap()
}

#[tokio::test]
async fn a_form_sends_it_as_well() {
    let test = TestApp::start().await;
    let part = Part::bytes(png(20, 20)).file_name("../../etc/passwd.svg").mime_str("image/svg+xml").unwrap();
    upload_form(&test, &test.operator, "file", part).await.expect(200);
    let refusal = upload_form(&test, &test.operator, "picture", Part::bytes(png(20, 20))).await;
    assert_eq!(refusal.expect_refusal(400, "invalid_field")["field"], json!("file"));
    for content_type in ["multipart/form-data", "multipart/form-data; boundary=x"] {
        upload(&test, &test.operator.token, content_type, b"--y\r\nnothing".to_vec())
            .await
            .expect_refusal(400, "bad_request");
    }
    for content_type in ["text/plain", "application/json", "application/octet-stream", "text/html; image/png"] {
        let refusal = upload(&test, &test.operator.token, content_type, png(20, 20)).await;
        refusal.expect_refusal(415, "unsupported_media_type");
    }
}

#[tokio::test]
async fn hostile_files_are_refused_with_a_sentence() {
    let test = TestApp::start().await;
    let person = &test.operator;
    let small = png(8, 8);
    let svg = "<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    let noise: Vec<u8> = (0..5_000_u32).map(|number| u8::try_from(number * 7 % 251).unwrap()).collect();
    let huge_png = |width, height| resized(&small, width, height);
    let mut huge_jpeg = encoded(16, 16, ImageFormat::Jpeg);
    let frame = huge_jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    huge_jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
    let mut broken = small.clone();
    let middle = broken.len() / 2;
    broken[middle] ^= 0xff;
    let cases = [
        ("nothing", Vec::new(), "PNG, JPEG"),
        ("SVG with a script", svg.as_bytes().to_vec(), "SVG"),
        ("SVG without a head", b"  <svg onload='alert(1)'/>".to_vec(), "SVG"),
        ("SVG with a mark", format!("\u{feff}{svg}").into_bytes(), "SVG"),
        ("SVG of another type", b"<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' 'x'>".to_vec(), "SVG"),
        ("packed SVG", b"\x1f\x8b\x08\0\0\0\0\0\0\x03".to_vec(), "PNG, JPEG"),
        ("HTML", b"<!doctype html><script>alert(1)</script>".to_vec(), "PNG, JPEG"),
        ("GIF and HTML in one", b"GIF89a/*<script>alert(1)</script>*/=1;".to_vec(), "PNG, JPEG"),
        ("GIF that moves", b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xff\x0bNETSCAPE2.0".to_vec(), "PNG, JPEG"),
        ("BMP", b"BM\x3a\0\0\0\0\0\0\0".to_vec(), "PNG, JPEG"),
        ("TIFF", b"II*\0\x08\0\0\0".to_vec(), "PNG, JPEG"),
        ("PDF", b"%PDF-1.7".to_vec(), "PNG, JPEG"),
        ("a program", b"\x7fELF\x02\x01\x01".to_vec(), "PNG, JPEG"),
        ("noise", noise.clone(), "PNG, JPEG"),
        ("a head and noise", [&small[..8], &noise].concat(), "cannot be read"),
        ("a head alone", small[..8].to_vec(), "cannot be read"),
        ("cut short", small[..small.len() - 20].to_vec(), "cannot be read"),
        ("a changed byte", broken, "cannot be read"),
        ("JPEG cut short", encoded(64, 64, ImageFormat::Jpeg)[..120].to_vec(), "cannot be read"),
        ("WebP cut short", encoded(64, 64, ImageFormat::WebP)[..30].to_vec(), "cannot be read"),
        ("a bomb: 2^31 pixels wide", huge_png(0x7fff_ffff, 0x7fff_ffff), ""),
        ("a bomb: 30,000 on a side", huge_png(30_000, 30_000), "pixels"),
        ("a bomb: long and thin", huge_png(10_001, 1), "pixels"),
        ("a bomb: 100 million", huge_png(10_000, 10_000), "pixels"),
        ("a bomb as JPEG", huge_jpeg, "pixels"),
        ("no width", huge_png(0, 8), "cannot be read"),
        ("less than its head says", huge_png(500, 500), "cannot be read"),
    ];
    for (name, bytes, sentence) in cases {
        let refusal = upload(&test, &person.token, "image/png", bytes).await;
        let body = refusal.expect_refusal(400, "invalid_field");
        assert_eq!(body["field"], json!("file"), "{name}");
        assert!(body["detail"].as_str().unwrap().contains(sentence), "{name}: {body}");
    }
    assert_eq!(me(&test, person).await["account"]["avatar_at_ms"], Value::Null, "nothing of it was kept");
    let large = vec![0; 5 * 1_024 * 1_024 + 1];
    upload(&test, &person.token, "image/png", large.clone()).await.expect_refusal(413, "payload_too_large");
    upload_form(&test, person, "file", Part::bytes(large)).await.expect_refusal(413, "payload_too_large");
    // After all of that the next good one is taken.
    upload(&test, &person.token, "image/png", png(8, 8)).await.expect(200);
}

#[tokio::test]
async fn nothing_of_the_upload_is_kept_but_the_picture() {
    let test = TestApp::start().await;
    let person = &test.operator;
    let text = chunk(*b"tEXt", b"Comment\0<script>alert(1)</script> 47.3769N");
    // Two frames: what an animated picture has besides its first.
    let control = |sequence: u8| {
        let numbers = [&[0, 0, 0, sequence, 0, 0, 0, 8, 0, 0, 0, 8][..], &[0; 8], &[0, 1, 0, 10, 0, 0]].concat();
        chunk(*b"fcTL", &numbers)
    };
    let small = png(8, 8);
    let moving = with_chunks(&small, &[chunk(*b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]), control(0)]);
    let end = moving.len() - 12;
    let moving = [&moving[..end], &control(1), &chunk(*b"fdAT", b"\0\0\0\x02<script>"), &moving[end..]].concat();
    for (name, bytes) in [
        ("text in it", with_chunks(&small, &[text])),
        ("a page behind it", [&small[..], b"<html><script>alert(1)</script></html>"].concat()),
        ("an archive behind it", [&small[..], b"PK\x03\x04<script>"].concat()),
        ("a photo", photo()),
        ("moving", moving),
    ] {
        let answer = upload(&test, &person.token, "image/png", bytes).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.text);
        let (_status, _headers, made) = download(&test, &path_of(person), &person.token).await;
        for secret in ["script", "47.3769", "Exif", "acTL", "tEXt", "PK\u{3}"] {
            assert!(!made.windows(secret.len()).any(|part| part == secret.as_bytes()), "{name}: {secret} was kept");
        }
        let made = image::load_from_memory_with_format(&made, ImageFormat::Png).unwrap().into_rgb8();
        if name == "a photo" {
            let (top, bottom) = (made.get_pixel(128, 40), made.get_pixel(128, 216));
            assert!(top.0[0] > 200 && bottom.0[2] > 200, "it was not turned: {top:?} {bottom:?}");
        }
    }
}

#[tokio::test]
async fn colleagues_and_staff_see_it_and_nobody_else_does() {
    let test = TestApp::start().await;
    let person = test.create_member(Role::Member).await;
    upload(&test, &person.token, "image/png", png(8, 8)).await.expect(200);
    let path = path_of(&person);
    let outsider = test.create_outsider().await;
    let staff = test.create_staff(StaffRole::Operator).await;
    for viewer in [&person, &test.operator, &staff] {
        assert_eq!(download(&test, &path, &viewer.token).await.0, 200, "{}", viewer.email);
    }
    let unknown = "/api/v1/accounts/018f3c1e-0000-7000-8000-000000000000/avatar";
    let without = path_of(&test.operator);
    for (path, token) in
        [(&*path, &outsider.token), (&*without, &person.token), ("/api/v1/accounts/x/avatar", &person.token)]
    {
        let (theirs, none) = (download(&test, path, token).await, download(&test, unknown, token).await);
        assert_eq!((theirs.0, &theirs.2), (404, &none.2), "{path}");
    }
    test.get_anonymous(&path).await.expect_refusal(401, "unauthenticated");
    // A key sees who is a member of its organization if that is within its scope.
    let reads = test.create_key(&test.operator, &[Permission::MembersRead]).await;
    let does_not = test.create_key(&test.operator, &[Permission::InboxRead]).await;
    let elsewhere = test.create_key(&outsider, &[Permission::MembersRead]).await;
    assert_eq!(download(&test, &path, &reads).await.0, 200);
    assert_eq!(download(&test, &path, &does_not).await.0, 404);
    assert_eq!(download(&test, &path, &elsewhere).await.0, 404);
    // Whoever leaves is seen no longer.
    let account_id = person.account_id;
    let leave = move |tx: &salesbrain::store::Tx<'_>| -> Result<(), salesbrain::store::Error> {
        tx.connection().execute("DELETE FROM membership WHERE account_id = ?1", [account_id])?;
        Ok(())
    };
    let colleague = test.create_member(Role::Viewer).await;
    assert_eq!(download(&test, &path, &colleague.token).await.0, 200);
    test.app.control.write(leave).await.unwrap();
    assert_eq!(download(&test, &path, &colleague.token).await.0, 404);
    assert_eq!(download(&test, &path, &person.token).await.0, 200, "one's own is always there");
}

#[tokio::test]
async fn an_image_element_shows_it_and_a_page_of_its_own_runs_nothing() {
    let test = TestApp::start().await;
    let person = &test.operator;
    let at_ms = upload(&test, &person.token, "image/png", png(8, 8)).await.expect(200).data()["avatar_at_ms"].clone();
    let by_cookie = async |path: String| {
        let request = test.client.get(test.url(&path)).header("cookie", person.cookie());
        request.send().await.unwrap()
    };
    let named = by_cookie(format!("{}?v={at_ms}", path_of(person))).await;
    assert_eq!(named.status().as_u16(), 200);
    assert_eq!(named.headers()["cache-control"], "private, max-age=31536000, immutable");
    assert_eq!(named.headers()["content-security-policy"], "default-src 'none'; sandbox; frame-ancestors 'none'");
    assert_eq!(named.headers()["x-content-type-options"], "nosniff");
    // Under a wrong name it must not be kept.
    for query in ["", "?v=", "?v=1"] {
        let answer = by_cookie(format!("{}{query}", path_of(person))).await;
        assert_eq!(answer.headers()["cache-control"], "private, no-cache", "{query}");
    }
}

#[tokio::test]
async fn many_uploads_at_once_are_told_to_wait_and_do_no_harm() {
    let test = TestApp::start().await;
    let bytes = png(600, 600);
    let uploads = (0..40).map(|_number| upload(&test, &test.operator.token, "image/png", bytes.clone()));
    let answers = futures_util::future::join_all(uploads).await;
    let taken = answers.iter().filter(|answer| answer.status == 200).count();
    let told = answers.iter().filter(|answer| answer.status == 503 && !answer.header("retry-after").is_empty()).count();
    assert_eq!(taken + told, 40, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    assert!(taken >= 8, "only {taken} were taken");
    upload(&test, &test.operator.token, "image/png", bytes).await.expect(200);
}
