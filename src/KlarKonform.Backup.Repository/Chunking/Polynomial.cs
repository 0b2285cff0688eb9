using System.Globalization;
using System.Numerics;

namespace KlarKonform.Backup.Repository.Chunking;

/// <summary>A polynomial over GF(2), one bit per coefficient: the base of the chunker's rolling hash.</summary>
internal readonly record struct Polynomial(ulong Bits)
{
    // restic draws polynomials of degree 53 (restic/chunker, DerivePolynomial).
    private const int RandomDegree = 53;
    private const int MaxTries = 1_000_000;

    public int Degree => Bits == 0 ? -1 : 63 - BitOperations.LeadingZeroCount(Bits);

    /// <summary>An irreducible polynomial, drawn from numbers that no one else can know.</summary>
    /// <param name="draw">Returns the number for each turn.</param>
    public static Polynomial Draw(Func<int, ulong> draw)
    {
        for (var i = 0; i < MaxTries; i++)
        {
            var bits = draw(i);
            var candidate = new Polynomial((bits & ((1UL << (RandomDegree + 1)) - 1)) | (1UL << RandomDegree) | 1);
            if (candidate.IsIrreducible())
                return candidate;
        }

        throw new InvalidOperationException("No irreducible polynomial was found; the random source is broken.");
    }

    public static Polynomial Parse(string hex) => new(ulong.Parse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));

    public override string ToString() => Bits.ToString("x", CultureInfo.InvariantCulture);

    public Polynomial Mod(Polynomial divisor)
    {
        var rest = Bits;
        for (var degree = Degree; degree >= divisor.Degree; degree = new Polynomial(rest).Degree)
            rest ^= divisor.Bits << (degree - divisor.Degree);
        return new Polynomial(rest);
    }

    /// <summary>Ben-Or's test: no common factor with x^(2^i) − x for every i up to half the degree.</summary>
    public bool IsIrreducible()
    {
        var power = new Polynomial(2);
        for (var i = 1; i <= Degree / 2; i++)
        {
            power = MultiplyMod(power, power, this);
            if (Gcd(this, new Polynomial(power.Bits ^ 2).Mod(this)).Bits != 1)
                return false;
        }

        return true;
    }

    private static Polynomial Gcd(Polynomial a, Polynomial b)
    {
        while (b.Bits != 0)
            (a, b) = (b, a.Mod(b));
        return a;
    }

    private static Polynomial MultiplyMod(Polynomial a, Polynomial b, Polynomial modulus)
    {
        var product = new Polynomial(0);
        for (var i = b.Degree; i >= 0; i--)
        {
            product = new Polynomial(product.Bits << 1).Mod(modulus);
            if ((b.Bits >> i & 1) != 0)
                product = new Polynomial(product.Bits ^ a.Bits);
        }

        return product;
    }
}
