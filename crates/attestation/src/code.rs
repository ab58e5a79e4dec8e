use core::fmt;

/// Declares the closed table of codes: the enum, its numbers, its texts and the list of all.
macro_rules! codes {
    ($($name:ident = $number:literal, $text:literal;)*) => {
        /// Why evidence was refused: a closed table, frozen once a chain is live.
        ///
        /// The numbers reach contracts in `Refused(uint16)`, the texts only operators. Checks run
        /// in the order that docs/attestation.md fixes, and the first that fails gives the code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum Code {
            $(#[doc = $text] $name = $number,)*
        }

        impl Code {
            /// Every code, by number.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The check that failed, in words.
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

codes! {
    // Every kind.
    EvidenceLength = 1, "evidence does not have its kind's exact length";
    CollateralNotEmpty = 2, "collateral given to a kind that takes none";
    KeyEncoding = 3, "public key is malformed, not canonical or not on its curve";
    SignatureEncoding = 4, "signature is malformed, out of range or not canonical";
    SmallOrder = 5, "public key, nonce or signature point has small order or lies outside its subgroup";
    SignatureInvalid = 6, "signature does not verify";

    // Kind 1: the quote.
    QuoteTruncated = 100, "quote is shorter than its structure";
    QuoteVersion = 101, "quote version is not 3, 4 or 5";
    QuoteTeeType = 102, "TEE type does not fit the quote's version";
    QuoteKeyType = 103, "attestation key is not ECDSA on P-256";
    QuoteVendor = 104, "quoting enclave's vendor is not Intel";
    QuoteBody = 105, "body type or size of a version 5 quote is not a TD report's";
    QuoteSignatureData = 106, "lengths inside the quote's signature data do not add up";
    QuoteTrailingBytes = 107, "bytes follow the quote";
    QuoteCertificationType = 108, "quote carries no certificate chain and the collateral neither";
    DebugEnclave = 110, "enclave or trust domain runs in debug or profiling mode";
    ZeroMeasurement = 111, "code measurement is all zero";
    TdAttributes = 112, "trust domain's attributes are unsafe or reserved bits are set";
    ServiceTd = 113, "trust domain is bound to a service trust domain";

    // Kind 1: the collateral's encoding.
    CollateralJson = 120, "collateral is not well-formed JSON with the expected fields";
    TcbInfoJson = 121, "TCB info is not well-formed JSON with the expected fields";
    QeIdentityJson = 122, "QE identity is not well-formed JSON with the expected fields";
    DateEncoding = 123, "date is malformed";
    TcbLevelCount = 124, "TCB info or QE identity lists too many levels";

    // Kind 1: certificates and revocation lists.
    PemEncoding = 130, "certificate chain is not strict PEM";
    ChainLength = 131, "certificate chain does not have the length that its kind asks for";
    CertificateEncoding = 132, "certificate is not strict DER of the expected form";
    CertificateAlgorithm = 133, "certificate's key or signature is not of the algorithm that its kind asks for";
    CertificateExtension = 134, "certificate has a repeated, malformed or unknown critical extension";
    UnknownRoot = 135, "chain does not end in a root that the chain trusts";
    RootMismatch = 136, "chains end in different roots";
    CertificateIssuer = 137, "certificate's issuer is not the next certificate's subject";
    CertificateUsage = 138, "certificate may not be used as it is: authority, path length or key usage";
    PckExtension = 139, "PCK certificate's SGX extension is missing or malformed";
    CrlEncoding = 140, "revocation list is not strict DER of the expected form";
    CrlEntryCount = 141, "revocation list has too many entries";
    CrlIssuer = 142, "revocation list's issuer is not the certificates' issuer";
    CertificateRevoked = 143, "certificate is revoked";
    EmptyWindow = 144, "no moment lies inside the validity of every statement used";
    CertificateSubject = 145, "certificate's subject is not named for the part that it plays";

    // Kind 1: signatures, in the order of checking.
    RootCrlSignature = 150, "root's revocation list signature does not verify";
    PckCaSignature = 151, "PCK authority's certificate signature does not verify";
    PckCrlSignature = 152, "PCK revocation list signature does not verify";
    PckSignature = 153, "PCK certificate's signature does not verify";
    TcbSignerSignature = 154, "TCB info signer's certificate signature does not verify";
    QeSignerSignature = 155, "QE identity signer's certificate signature does not verify";
    TcbInfoSignature = 156, "TCB info's signature does not verify";
    QeIdentitySignature = 157, "QE identity's signature does not verify";
    QeReportSignature = 158, "quoting enclave report's signature does not verify";
    QuoteSignature = 159, "quote's signature does not verify";

    // Kind 1: the quoting enclave.
    QeReportData = 160, "quoting enclave does not vouch for the attestation key";
    QeIdentityKind = 161, "QE identity is not for this kind of quote";
    QeSigner = 162, "quoting enclave's signer is not the QE identity's";
    QeDebug = 163, "quoting enclave runs in debug mode";
    QeProduct = 164, "quoting enclave's product id is not the QE identity's";
    QeMiscSelect = 165, "quoting enclave's MISCSELECT is not the QE identity's";
    QeAttributes = 166, "quoting enclave's attributes are not the QE identity's";
    QeTcbLevel = 167, "no TCB level of the QE identity fits the quoting enclave";

    // Kind 1: the platform.
    TcbInfoKind = 170, "TCB info is not for this kind of quote";
    Fmspc = 171, "TCB info is for another FMSPC";
    PceId = 172, "TCB info is for another PCE";
    TcbLevel = 173, "no TCB level fits the platform";
    TdxModuleIdentity = 174, "TCB info knows no TDX module of this version";
    TdxModuleSigner = 175, "TDX module's signer is not the TCB info's";
    TdxModuleAttributes = 176, "TDX module's attributes are not the TCB info's";
    TdxModuleTcbLevel = 177, "no TCB level fits the TDX module";
    TcbStatus = 178, "matched TCB level has a status that its structure does not allow";
    TcbRevoked = 179, "platform, TDX module or quoting enclave is revoked";

    // Kind 1: compact collateral, earlier claims, single statements.
    CompactParts = 180, "lengths of the joined compact forms do not add up";
    CompactType = 181, "compact form is of another type or layout than its place is for";
    CompactWindow = 182, "compact form's window is empty";
    CompactEncoding = 183, "compact form's fields or length are not of its layout";
    CompactCount = 184, "compact form lists too much";
    CompactOrder = 185, "compact form's entries are not in strictly ascending order";
    TcbEncoding = 186, "tcb is not of this kind's layout";
    EvaluationNumber = 187, "collateral's TCB evaluation data number is lower than the tcb's";
    StatementType = 190, "collateral is not one of the kind's statements";
    StatementParts = 191, "lengths of the statement's parts do not add up, or its text is not UTF-8";

    // Kind 2.
    CoseEncoding = 200, "document is not an untagged COSE_Sign1 in strict CBOR";
    CoseAlgorithm = 201, "document's protected header is not ES384 alone";
    CoseUnprotectedHeader = 202, "document's unprotected header is not empty";
    CoseTrailingBytes = 203, "bytes follow the document";
    DocumentEncoding = 204, "payload is not strict CBOR of the expected fields in their order";
    DocumentModuleId = 205, "module id is empty or too long";
    DocumentDigest = 206, "digest of the registers is not SHA384";
    PcrIndex = 207, "registers are out of order, above 31, or lack one of PCR0 to PCR2";
    PcrLength = 208, "register is not 48 bytes long";
    DocumentFieldLength = 209, "certificate, public key, user data or nonce is empty or too long";
    DocumentTimestamp = 210, "document was made outside its certificates' validity";
    CertificateSignature = 211, "certificate's signature is not its issuer's";
    DocumentSignature = 212, "document's signature does not verify";

    // Kind 3: the report.
    SnpLayout = 250, "evidence is not exactly a report and two certificates";
    SnpVersion = 251, "report version is not 2, 3, 4 or 5";
    SnpSignatureAlgorithm = 252, "report is not signed with ECDSA P-384";
    SnpSigningKey = 253, "report is signed by neither a VCEK nor a VLEK";
    SnpProcessor = 254, "processor is none of Milan, Genoa and Turin";
    SnpReserved = 255, "reserved bits of the report are set";
    SnpPolicy = 256, "reserved bits of the guest policy are not as they must be";
    SnpMigrationAgent = 257, "guest policy lets a migration agent move the guest";
    SnpVmpl = 258, "report was not asked for by the guest";
    SnpAuthorKey = 259, "author key digest is given without an author key";

    // Kind 3: what the signing key's certificate says.
    SnpEndorsement = 270, "VCEK or VLEK certificate's extensions are missing, malformed or of the other key";
    SnpProduct = 271, "VCEK or VLEK certificate is for another product";
    SnpTcb = 272, "VCEK or VLEK certificate is for another TCB than the reported one";
    SnpChipId = 273, "VCEK certificate is for another chip, or the report hides its chip";

    // Kind 3: signatures, in the order of checking.
    SnpCrlSignature = 280, "ARK's revocation list signature does not verify";
    SnpAskSignature = 281, "ASK or ASVK certificate's signature does not verify";
    SnpVekSignature = 282, "VCEK or VLEK certificate's signature does not verify";
    SnpReportSignature = 283, "report's signature does not verify";

    // Kind 4.
    GpuEvidence = 300, "evidence is not the canonical encoding of a key, an overall token and GPU tokens";
    GpuCount = 301, "evidence has no GPU token or too many";
    GpuToken = 302, "token is too long or not three parts of canonical base64url";
    GpuTokenHeader = 303, "token's header is not ES384 and a key id alone";
    GpuClaims = 304, "claims are not well-formed JSON with the expected claims";
    GpuIssuer = 305, "issuer is not NVIDIA's Remote Attestation Service";
    GpuSubject = 306, "overall token's subject is not a platform's attestation";
    GpuClaimsVersion = 307, "claims are of a version that is not known";
    GpuOverallResult = 308, "overall attestation result is not success";
    GpuNonce = 309, "nonce is not 32 bytes in hexadecimal";
    GpuSubmodules = 310, "overall token does not list as many GPUs as there are tokens";
    GpuDigest = 311, "GPU token is not the one that the overall token lists";
    GpuNonceMismatch = 312, "GPU token's nonce is not the overall token's";
    GpuMeasurements = 313, "GPU's measurements do not match their references";
    GpuDebug = 314, "GPU's debug status is not disabled";
    GpuSecureBoot = 315, "GPU did not boot securely";
    GpuCheck = 316, "a check of the GPU failed";
    GpuCertificate = 317, "a certificate chain of the GPU is not valid";
    GpuText = 318, "GPU's model, id or versions are empty or too long";
    GpuDuplicate = 319, "a GPU appears twice";
    GpuOverallSignature = 320, "overall token's signature does not verify";
    GpuSignature = 321, "GPU token's signature does not verify";

    // Kind 5.
    CompositeEvidence = 330, "evidence is not the canonical encoding of a kind, a CPU's and a GPU's evidence";
    CompositeCpuKind = 331, "CPU's kind is not one of a CPU";
    CompositeNonce = 332, "CPU's evidence does not name the GPU tokens' nonce";

    // Kind 16: Groth16 on BN254. 407 to 411 serve kinds 17 and 18 as well.
    Groth16Form = 400, "evidence's form is neither 0 nor 1";
    Groth16KeyUnknown = 401, "no pinned verifying key has this hash";
    Groth16InputCount = 402, "number of public inputs is not the verifying key's";
    Groth16KeyCoordinate = 403, "coordinate in the verifying key is not below the field's modulus";
    Groth16KeyPoint = 404, "point of the verifying key is at infinity or off its curve";
    Groth16KeySubgroup = 405, "point of the verifying key is outside its subgroup";
    Groth16KeyDegenerate = 406, "verifying key's gamma and delta are equal or opposite: anyone could prove anything";
    Groth16Input = 407, "public input is not below the group's order";
    Groth16ProofCoordinate = 408, "coordinate in the proof is not below the field's modulus";
    Groth16ProofPoint = 409, "point of the proof is at infinity or off its curve";
    Groth16ProofSubgroup = 410, "point of the proof is outside its subgroup";
    Groth16Equation = 411, "proof does not hold for these public inputs";

    // Kind 17: SP1.
    Sp1Truncated = 420, "evidence is shorter than its structure";
    Sp1HashMode = 421, "hash mode is neither 0 nor 1";
    Sp1Version = 422, "proof is not of a pinned SP1 circuit version";
    Sp1ProgramKey = 423, "program's verifying key is not below the group's order";
    Sp1ExitCode = 424, "program's exit code is not 0";
    Sp1KeyRoot = 425, "recursion key root is not the circuit version's";
    Sp1Nonce = 426, "proof nonce is not below the group's order";

    // Kind 18: RISC Zero.
    Risc0Truncated = 440, "evidence is shorter than its structure";
    Risc0Version = 441, "seal is not of a pinned RISC Zero release";
}

impl Code {
    /// The number that contracts see.
    pub const fn number(self) -> u16 {
        self as u16
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn numbers_ascend() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].number() < pair[1].number()));
    }

    #[test]
    fn the_document_lists_exactly_these() {
        let document = include_str!("../../../docs/attestation.md");
        let rows: Vec<String> = document
            .lines()
            .filter(|line| {
                line.starts_with("| ") && line[2..].starts_with(|c: char| c.is_ascii_digit())
            })
            .filter(|line| line.contains(" · "))
            .map(str::to_owned)
            .collect();
        let expected: Vec<String> = Code::ALL
            .iter()
            .map(|code| format!("| {} · `{code:?}` | {code} |", code.number()))
            .collect();
        assert_eq!(rows, expected);
    }
}
