//! Products of AMD's that attest, and how each writes its versions.

/// A family of processors that share a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Product {
    /// EPYC 7003.
    Milan = 1,
    /// EPYC 9004, with Bergamo and Siena.
    Genoa = 2,
    /// EPYC 9005.
    Turin = 3,
}

impl Product {
    /// The product of a certificate's product name: a name, or a name, a dash and a stepping.
    pub(super) fn from_name(name: &[u8]) -> Option<Self> {
        let end = name.iter().position(|byte| *byte == b'-').unwrap_or(name.len());
        match &name[..end] {
            b"Milan" => Some(Self::Milan),
            b"Genoa" | b"Bergamo" | b"Siena" => Some(Self::Genoa),
            b"Turin" => Some(Self::Turin),
            _ => None,
        }
    }

    /// The product of a number in a claims' `tcb`.
    pub(super) const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Milan),
            2 => Some(Self::Genoa),
            3 => Some(Self::Turin),
            _ => None,
        }
    }

    /// Bytes of the hardware id that the VCEK states.
    pub(super) const fn hardware_id_len(self) -> usize {
        match self {
            Self::Milan | Self::Genoa => 64,
            Self::Turin => 8,
        }
    }
}

/// Security patch levels of a platform's parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tcb {
    /// Turin's alone, zero elsewhere.
    pub(super) fmc: u8,
    pub(super) boot_loader: u8,
    pub(super) tee: u8,
    pub(super) snp: u8,
    pub(super) microcode: u8,
}

impl Tcb {
    /// Reads a `TCB_VERSION`; `None` where a reserved byte is set.
    pub(super) const fn from_report(product: Product, bytes: [u8; 8]) -> Option<Self> {
        match (product, bytes) {
            (Product::Turin, [fmc, boot_loader, tee, snp, 0, 0, 0, microcode]) => {
                Some(Self { fmc, boot_loader, tee, snp, microcode })
            }
            (Product::Milan | Product::Genoa, [boot_loader, tee, 0, 0, 0, 0, snp, microcode]) => {
                Some(Self { fmc: 0, boot_loader, tee, snp, microcode })
            }
            _ => None,
        }
    }

    /// Undoes [`parts`](Self::parts); `None` where a product without an FMC has one.
    pub(super) fn from_parts(product: Product, parts: [u8; 5]) -> Option<Self> {
        let [fmc, boot_loader, tee, snp, microcode] = parts;
        (product == Product::Turin || fmc == 0).then_some(Self {
            fmc,
            boot_loader,
            tee,
            snp,
            microcode,
        })
    }

    /// FMC, boot loader, TEE, SNP firmware, microcode.
    pub(super) const fn parts(self) -> [u8; 5] {
        [self.fmc, self.boot_loader, self.tee, self.snp, self.microcode]
    }

    /// Whether some part is older than in `other`.
    pub(super) fn is_below(self, other: Self) -> bool {
        self.parts().iter().zip(other.parts()).any(|(part, other)| *part < other)
    }
}
