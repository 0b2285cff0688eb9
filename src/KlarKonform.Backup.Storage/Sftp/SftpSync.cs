using System.Collections;
using System.Reflection;
using Renci.SshNet;
using Renci.SshNet.Common;
using Renci.SshNet.Sftp;

namespace KlarKonform.Backup.Storage.Sftp;

/// <summary>
/// Sends <c>fsync@openssh.com</c> (OpenSSH's PROTOCOL: "asks the server to call fsync(2) on an open file handle"), for which SSH.NET has no
/// call and no public way to send it. Its own request for <c>fstatvfs@openssh.com</c> has the same form, a handle and nothing else, so that
/// one is sent under the other's name. This reaches into the library: if a version of it looks different, nothing is bound, servers count
/// as unable to sync, and a test fails. Thread-safe.
/// </summary>
internal sealed class SftpSync
{
    private const string Extension = "fsync@openssh.com";
    private const BindingFlags Inner = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public;

    private static readonly Binding? s_binding = Binding.TryCreate();

    /// <summary>Whether the server offers it.</summary>
    public static bool IsOffered(SftpClient client) =>
        s_binding is { } binding
        && binding.Session(client) is { } session
        && (binding.Extensions.GetValue(session) as IDictionary)?.Contains(Extension) == true;

    /// <summary>Waits until a file, or a folder that was opened as one, is on the server's disk.</summary>
    /// <exception cref="SftpException">The server's refusal, with its status.</exception>
    public static async Task FlushAsync(SftpClient client, byte[] handle, CancellationToken cancellationToken)
    {
        var binding = s_binding ?? throw new NotSupportedException(Extension);
        var session = binding.Session(client) ?? throw new SshConnectionException("The session has ended.");
        var done = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        binding.Send(
            session,
            Extension,
            handle,
            response =>
            {
                var status = (StatusCode)binding.Status.GetValue(response)!;
                if (status == StatusCode.Ok)
                    done.TrySetResult(true);
                else
                    done.TrySetException(new SftpException(status, binding.Message.GetValue(response) as string));
            }
        );
        await binding.WaitAsync(session, done, client.OperationTimeout, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The library's inner parts.</summary>
    private sealed record Binding(
        FieldInfo SessionField,
        FieldInfo Extensions,
        PropertyInfo Version,
        PropertyInfo NextId,
        MethodInfo SendRequest,
        MethodInfo Wait,
        ConstructorInfo Request,
        MethodInfo SetName,
        PropertyInfo Status,
        PropertyInfo Message,
        Type StatusType,
        Type ReplyType
    )
    {
        public static Binding? TryCreate()
        {
            try
            {
                var library = typeof(SftpClient).Assembly;
                Type Of(string name) => library.GetType("Renci.SshNet." + name, throwOnError: true)!;
                var session = Of("Sftp.SftpSession");
                var (status, reply) = (Of("Sftp.Responses.SftpStatusResponse"), Of("Sftp.Responses.SftpExtendedReplyResponse"));
                Type[] request = [typeof(uint), typeof(uint), typeof(byte[]), ActionOf(reply), ActionOf(status)];
                var binding = new Binding(
                    typeof(SftpClient).GetField("_sftpSession", Inner)!,
                    session.GetField("_supportedExtensions", Inner)!,
                    session.GetProperty("ProtocolVersion", Inner)!,
                    session.GetProperty("NextRequestId", Inner)!,
                    session.GetMethod("SendRequest", Inner)!,
                    session
                        .GetMethods(Inner)
                        .Single(method => method is { Name: "WaitOnHandleAsync", IsGenericMethodDefinition: true })
                        .MakeGenericMethod(typeof(bool)),
                    Of("Sftp.Requests.FStatVfsRequest").GetConstructor(Inner, request)!,
                    Of("Sftp.Requests.SftpExtendedRequest").GetProperty("Name", Inner)!.GetSetMethod(nonPublic: true)!,
                    status.GetProperty("StatusCode", Inner)!,
                    status.GetProperty("ErrorMessage", Inner)!,
                    status,
                    reply
                );
                return binding.IsWhole ? binding : null;
            }
            catch (Exception exception)
                when (exception
                        is TypeLoadException
                            or InvalidOperationException
                            or NullReferenceException
                            or ArgumentException
                            or AmbiguousMatchException
                )
            {
                return null;
            }
        }

        private static Type ActionOf(Type response) => typeof(Action<>).MakeGenericType(response);

        private bool IsWhole =>
            SessionField is not null
            && Extensions is not null
            && Version is not null
            && NextId is not null
            && SendRequest is not null
            && Request is not null
            && SetName is not null
            && Message is not null
            && Status?.PropertyType == typeof(StatusCode);

        public object? Session(SftpClient client) =>
            SessionField.GetValue(client) is { } session && Extensions.DeclaringType!.IsInstanceOfType(session) ? session : null;

        public void Send(object session, string name, byte[] handle, Action<object> answered)
        {
            var request = Request.Invoke([
                Version.GetValue(session),
                NextId.GetValue(session),
                handle,
                Handler(ReplyType, answered),
                Handler(StatusType, answered),
            ]);
            SetName.Invoke(request, [name]);
            SendRequest.Invoke(session, BindingFlags.DoNotWrapExceptions, null, [request], null);
        }

        public Task WaitAsync(object session, TaskCompletionSource<bool> done, TimeSpan limit, CancellationToken cancellationToken) =>
            (Task)
                Wait.Invoke(
                    session,
                    BindingFlags.DoNotWrapExceptions,
                    null,
                    [done, (int)limit.TotalMilliseconds, cancellationToken],
                    null
                )!;

        private static object Handler(Type response, Action<object> answered) =>
            typeof(Binding)
                .GetMethod(nameof(Typed), BindingFlags.Static | BindingFlags.NonPublic)!
                .MakeGenericMethod(response)
                .Invoke(null, [answered])!;

        private static Action<T> Typed<T>(Action<object> answered)
            where T : class => response => answered(response);
    }
}
