using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace KlarKonform.Backup.Engine.Connections;

/// <summary>Finds and reads the certificate with which an app signs in.</summary>
internal static class SignInCertificate
{
    /// <summary>A certificate from the user's or the machine's personal store.</summary>
    /// <exception cref="BackupException">CertificateNotFound or CertificateUnusable.</exception>
    public static X509Certificate2 FromStore(string thumbprint)
    {
        foreach (var location in (StoreLocation[])[StoreLocation.CurrentUser, StoreLocation.LocalMachine])
        {
            using var store = new X509Store(StoreName.My, location);
            try
            {
                store.Open(OpenFlags.ReadOnly | OpenFlags.OpenExistingOnly);
            }
            catch (CryptographicException)
            {
                continue; // Linux has no machine store; a new account has none of its own.
            }

            if (store.Certificates.Find(X509FindType.FindByThumbprint, thumbprint, validOnly: false) is [var found, ..])
                return Usable(found, thumbprint);
        }

        throw new BackupException(ErrorIds.CertificateNotFound, BackupErrorCategory.ObjectNotFound, thumbprint, thumbprint);
    }

    /// <summary>A certificate from a vault: PFX in base64, or PEM with certificate and key.</summary>
    /// <exception cref="BackupException">CertificateUnusable.</exception>
    public static X509Certificate2 Parse(string text, string? password, string name)
    {
        try
        {
            if (!text.Contains("-----BEGIN", StringComparison.Ordinal))
                return Usable(Pfx(Convert.FromBase64String(text), password), name);
            using var pem = password is null
                ? X509Certificate2.CreateFromPem(text, text)
                : X509Certificate2.CreateFromEncryptedPem(text, text, password);
            return Usable(Pfx(pem.Export(X509ContentType.Pkcs12), null), name); // Windows cannot sign with a key that came from PEM.
        }
        catch (Exception exception) when (exception is CryptographicException or FormatException or ArgumentException)
        {
            throw new BackupException(ErrorIds.CertificateUnusable, BackupErrorCategory.InvalidData, name, name, exception.Message);
        }
    }

    /// <summary>Reads a file, proves that it is usable, and returns it in the form to be stored in a vault.</summary>
    /// <exception cref="BackupException">CertificateUnusable.</exception>
    public static async Task<string> ReadFileAsync(string file, string? password, CancellationToken cancellationToken)
    {
        byte[] bytes;
        try
        {
            bytes = await File.ReadAllBytesAsync(file, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BackupException(ErrorIds.CertificateUnusable, BackupErrorCategory.ObjectNotFound, file, file, exception.Message);
        }

        var text = bytes.AsSpan().IndexOf("-----BEGIN"u8) >= 0 ? System.Text.Encoding.UTF8.GetString(bytes) : Convert.ToBase64String(bytes);
        using var certificate = Parse(text, password, file);
        return Convert.ToBase64String(certificate.Export(X509ContentType.Pkcs12));
    }

    private static X509Certificate2 Pfx(byte[] bytes, string? password) => new(bytes, password, X509KeyStorageFlags.Exportable);

    private static X509Certificate2 Usable(X509Certificate2 certificate, string name)
    {
        if (!certificate.HasPrivateKey)
            throw new BackupException(
                ErrorIds.CertificateUnusable,
                BackupErrorCategory.InvalidData,
                name,
                name,
                Texts.Get("CertificateWithoutKey")
            );
        return certificate;
    }
}
