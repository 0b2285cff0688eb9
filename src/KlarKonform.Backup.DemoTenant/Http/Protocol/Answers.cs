using System.Text.Json;
using KlarKonform.Backup.DemoTenant.Model;

namespace KlarKonform.Backup.DemoTenant.Http.Protocol;

/// <summary>Answers that are created under the tenant's lock and sent without it.</summary>
internal static class Answers
{
    public static Task AnswerAsync(this HttpContext context, DemoTenantModel tenant, Func<object> answer)
    {
        JsonElement json;
        lock (tenant)
            json = JsonSerializer.SerializeToElement(answer());
        return context.Response.WriteAsJsonAsync(json);
    }
}
