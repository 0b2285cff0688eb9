namespace KlarKonform.Backup.Storage.Caching;

/// <summary>Bypasses a cache.</summary>
public static class CacheExtensions
{
    /// <summary>
    /// The store without the cache in front of it: for checks that the storage itself has what it must. A store without a cache is returned
    /// as it is. Must not be disposed: it belongs to the original store.
    /// </summary>
    public static IObjectStore PastCache(this IObjectStore store) => store is CachingObjectStore caching ? caching.Uncached : store;
}
