[assembly: Trait("Tier", "Fast")]
