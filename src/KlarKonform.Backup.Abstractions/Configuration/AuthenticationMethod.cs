namespace KlarKonform.Backup;

/// <summary>Ways to sign in.</summary>
public enum AuthenticationMethod
{
    /// <summary>A client secret from a vault.</summary>
    ClientSecret,

    /// <summary>A certificate: PFX or PEM from a vault, or by thumbprint from the machine's store.</summary>
    ClientCertificate,

    /// <summary>The identity that Azure gives a virtual machine, an App Service or an Automation account; no secret is needed.</summary>
    ManagedIdentity,

    /// <summary>Another identity provider's token from a file, as written by Kubernetes and build services.</summary>
    WorkloadIdentity,
}
