//! Tokens that NVIDIA signed; testdata/nvidia/SOURCE.md says where they are from.

use super::{NONCE, recipe, run, service, stranger, text};
use crate::{
    Backend, Code,
    dev::{
        gpu::{Product, coordinates, sign_parts},
        x509::Key,
    },
    encoding::base64url,
    kinds::nvidia::thumbprint,
    status,
    testing::check_golden,
};
use alloy_primitives::{B256, hex, keccak256};
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, EllipticCurveKeyParameters,
    EllipticCurveKeyType, Jwk, ThumbprintHash,
};
use serde_json::Value;

const CLAIMS_2: &str = include_str!("../../../../testdata/nvidia/nras_claims_2.json");
const CLAIMS_3: &str = include_str!("../../../../testdata/nvidia/nras_staging_claims_3.json");
const KEYS: &str = include_str!("../../../../testdata/nvidia/keys.txt");

/// What the service answered, and the key it signed with.
fn answer(name: &str, json: &str) -> Product {
    let key = KEYS.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    let json: Value = serde_json::from_str(json).unwrap();
    Product {
        key: hex::decode(key.trim()).unwrap(),
        overall: json[0][1].as_str().unwrap().to_owned(),
        gpus: vec![json[1]["GPU-0"].as_str().unwrap().to_owned()],
    }
}

#[test]
fn a_token_of_nvidias() {
    let product = answer("nras_claims_2", CLAIMS_2);
    let claims = run(&product.evidence()).unwrap();
    let firmware =
        [text("GH100 A01 GSP BROM"), text("570.133.20"), text("96.00.CF.00.02")].concat();
    assert_eq!(claims.measurement, [&[1][..], &firmware].concat());
    let ids = [&[1][..], &text("642960189298007511250958030500749152730221142468")].concat();
    assert_eq!(claims.platform, keccak256(ids));
    let nonce = hex!("4d6e0c49321d22daa9bd7fc2205e381f9506c20e77dd5082ecf5e124ec0f4618");
    assert_eq!(claims.bound, nonce);
    assert_eq!((claims.not_before, claims.not_after), (1_756_168_926, 1_756_172_526));
    assert_eq!(claims.issued_at, 1_756_168_926);
    assert_eq!(claims.status, status::ANCHOR_LEFT_TO_POLICY);
    assert_eq!(claims.anchors, [thumbprint(&product.key, Backend::Native)]);
    check_golden("nvidia/nras_claims_2", &claims);

    let mut changed = product;
    changed.key = answer("nras_staging_claims_3", CLAIMS_3).key;
    assert_eq!(run(&changed.evidence()), Err(Code::GpuOverallSignature));
    changed.gpus = recipe(1).product().gpus;
    assert_eq!(run(&changed.evidence()), Err(Code::GpuDigest));
}

/// The staging service is another issuer; its claims of version 3.0, signed as the service's own,
/// are accepted.
#[test]
fn claims_of_version_3() {
    let staging = answer("nras_staging_claims_3", CLAIMS_3);
    assert_eq!(run(&staging.evidence()), Err(Code::GpuIssuer));

    let key = stranger();
    let moved = |token: &str| {
        let mut parts = token.split('.').map(|part| base64url::decode(part.as_bytes()).unwrap());
        let (header, claims) = (parts.next().unwrap(), parts.next().unwrap());
        let claims = String::from_utf8(claims).unwrap().replace("attestation-stg", "attestation");
        (header, claims)
    };
    let (header, claims) = moved(&staging.gpus[0]);
    let gpu = sign_parts(&header, claims.as_bytes(), &key);
    let (header, claims) = moved(&staging.overall);
    let old = hex::encode(Backend::Native.sha256(staging.gpus[0].as_bytes()));
    let new = hex::encode(Backend::Native.sha256(gpu.as_bytes()));
    assert!(claims.contains(&old));
    let overall = sign_parts(&header, claims.replace(&old, &new).as_bytes(), &key);
    let product = Product { key: coordinates(&key), overall, gpus: vec![gpu] };
    let claims = run(&product.evidence()).unwrap();
    assert_eq!(claims.status, status::ANCHOR_LEFT_TO_POLICY);
    let firmware = [text("GH100 A01 GSP BROM"), text("575.28"), text("96.00.AF.00.01")].concat();
    assert_eq!(claims.measurement, [&[1][..], &firmware].concat());
}

/// Answers that are not this project's to publish. `ASSAY_NVIDIA_VECTORS` names a folder of
/// `<name>.json` as the service gives them, each with its key's x ‖ y in hexadecimal as `<name>.key`:
///
///     ASSAY_NVIDIA_VECTORS=… cargo test -p assay-attestation -- --ignored --nocapture answers_elsewhere
#[test]
#[ignore = "needs ASSAY_NVIDIA_VECTORS"]
fn answers_elsewhere() {
    let folder = std::env::var_os("ASSAY_NVIDIA_VECTORS").expect("a folder");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let json: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let key = std::fs::read_to_string(path.with_extension("key")).unwrap();
        let gpus = json[1].as_object().unwrap();
        // In the order of the overall token, which is that of the numbers.
        let gpus =
            (0..gpus.len()).map(|at| gpus[&format!("GPU-{at}")].as_str().unwrap().to_owned());
        let product = Product {
            key: hex::decode(key.trim()).unwrap(),
            overall: json[0][1].as_str().unwrap().to_owned(),
            gpus: gpus.collect(),
        };
        println!("{path:?}\n{}", crate::testing::render(&run(&product.evidence()).unwrap()));
        seen += 1;
    }
    assert!(seen > 0);
}

#[test]
fn tokens_made_in_software() {
    check_golden("nvidia/dev_2_gpus", &run(&service().attest(NONCE, 2)).unwrap());
}

/// Both keys, by which every token's signature holds, in the staging answer too.
#[test]
fn signatures_of_both_answers() {
    for (name, json) in [("nras_claims_2", CLAIMS_2), ("nras_staging_claims_3", CLAIMS_3)] {
        let product = answer(name, json);
        let point = [&[4][..], &product.key].concat();
        for backend in [Backend::Native, Backend::Portable] {
            let key = super::super::p384::Key::parse(point.as_slice().try_into().unwrap(), backend);
            let key = key.unwrap();
            for token in [&product.overall, &product.gpus[0]] {
                let token = super::super::Jws::parse(token.as_bytes()).unwrap();
                assert!(token.is_signed_by(&key, backend));
            }
        }
    }
}

/// RFC 7638, by another implementation of it.
#[test]
fn thumbprints() {
    for seed in 0..20u8 {
        let key = coordinates(&Key::derive_p384(B256::repeat_byte(seed), "nvidia"));
        let (x, y) = key.split_at(48);
        let jwk = Jwk {
            common: CommonParameters::default(),
            algorithm: AlgorithmParameters::EllipticCurve(EllipticCurveKeyParameters {
                key_type: EllipticCurveKeyType::EC,
                curve: EllipticCurve::P384,
                x: base64url::encode(x),
                y: base64url::encode(y),
            }),
        };
        for backend in [Backend::Native, Backend::Portable] {
            let ours = thumbprint(&key, backend);
            assert_eq!(base64url::encode(ours.as_slice()), jwk.thumbprint(ThumbprintHash::SHA256));
        }
    }
}

/// The examples of RFC 7515 (appendices A.3 and A.4) are compact JWS of other algorithms.
#[test]
fn examples_of_rfc_7515() {
    for token in [
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn",
    ] {
        let product = Product { overall: token.to_owned(), ..recipe(1).product() };
        assert_eq!(run(&product.evidence()), Err(Code::SignatureEncoding));
        let (signed, _) = token.rsplit_once('.').unwrap();
        let signature = base64url::encode(&recipe(1).key.sign(signed.as_bytes()));
        let product = Product { overall: format!("{signed}.{signature}"), ..recipe(1).product() };
        assert_eq!(run(&product.evidence()), Err(Code::GpuTokenHeader));
    }
}
