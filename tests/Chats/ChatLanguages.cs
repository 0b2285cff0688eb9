namespace KlarKonform.Backup.Chats;

/// <summary>
/// Languages of telephones. Patterns: y, M, d, H, h, K, m, s as in .NET, "a" for the word next to the hour; \u202F, \u200E and \u200F where
/// telephones use them.
/// </summary>
internal static class ChatLanguages
{
    private const string English = "0=AM|12=PM";
    private const string Chinese = "0=凌晨|5=早上|8=上午|12=中午|13=下午|19=晚上";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ChatLanguage> All { get; } =
    [
        new("de", ["dd.MM.yy, HH:mm", "dd.MM.yyyy, HH:mm"], ["dd.MM.yy, HH:mm:ss", "dd.MM.yyyy, HH:mm:ss", "dd.MM.yy, HH:mm"], "", '0', "Datei angehängt", "Anhang", "Medien ausgeschlossen", "Bild weggelassen", "Dokument weggelassen",
            "Diese Nachricht wurde gelöscht.", "Diese Nachricht wurde bearbeitet.", "Nachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt."),
        new("en-US", ["M/d/yy, h:mm a", "M/d/yy, h:mm\u202Fa", "M/d/yyyy, h:mm a", "M/d/yy, HH:mm"], ["M/d/yy, h:mm:ss a", "M/d/yy, h:mm:ss\u202Fa", "M/d/yyyy, h:mm:ss\u202Fa"], English, '0', "file attached", "attached", "Media omitted",
            "image omitted", "document omitted", "This message was deleted", "This message was edited", "Messages and calls are end-to-end encrypted. Only people in this chat can read them."),
        new("en-GB", ["dd/MM/yyyy, HH:mm", "dd/MM/yyyy, h:mm\u202Fa", "dd/MM/yy, h:mm a"], ["dd/MM/yyyy, HH:mm:ss", "dd/MM/yyyy, h:mm:ss\u202Fa"], "0=am|12=pm", '0', "file attached", "attached", "Media omitted",
            "image omitted", "document omitted", "You deleted this message", "This message was edited", "Messages and calls are end-to-end encrypted."),
        new("fr", ["dd/MM/yyyy, HH:mm", "dd/MM/yyyy à HH:mm"], ["dd/MM/yyyy HH:mm:ss", "dd/MM/yyyy, HH:mm:ss"], "", '0', "fichier joint", "pièce jointe", "Médias omis", "image absente", "document manquant",
            "Ce message a été supprimé", "Ce message a été modifié", "Les messages et les appels sont chiffrés de bout en bout."),
        new("es", ["d/M/yy, HH:mm", "d/M/yyyy, h:mm a", "d/M/yy, h:mm\u202Fa"], ["d/M/yy, H:mm:ss", "d/M/yyyy, h:mm:ss\u202Fa"], "0=a.\u00A0m.|12=p.\u00A0m.", '0', "archivo adjunto", "adjunto", "Multimedia omitido", "imagen omitida", "documento omitido",
            "Se eliminó este mensaje.", "Se editó este mensaje.", "Los mensajes y las llamadas están cifrados de extremo a extremo."),
        new("it", ["dd/MM/yy, HH:mm"], ["dd/MM/yy, HH:mm:ss", "dd/MM/yyyy, HH:mm:ss"], "", '0', "file allegato", "allegato", "Media omessi", "immagine omessa", "documento omesso",
            "Questo messaggio è stato eliminato", "Questo messaggio è stato modificato", "I messaggi e le chiamate sono crittografati end-to-end."),
        new("pt-BR", ["dd/MM/yyyy HH:mm", "dd/MM/yy, HH:mm"], ["dd/MM/yyyy, HH:mm:ss", "dd/MM/yy HH:mm:ss"], "", '0', "arquivo anexado", "anexado", "Mídia oculta", "imagem ocultada", "documento omitido",
            "Mensagem apagada", "Mensagem editada", "As mensagens e ligações são protegidas com a criptografia de ponta a ponta."),
        new("nl", ["dd-MM-yyyy HH:mm", "dd-MM-yy HH:mm"], ["dd-MM-yyyy HH:mm:ss", "dd-MM-yy HH:mm:ss"], "", '0', "bestand bijgevoegd", "bijgevoegd", "Media weggelaten", "afbeelding weggelaten", "document weggelaten",
            "Dit bericht is verwijderd", "Dit bericht is bewerkt", "Berichten en gesprekken worden end-to-end versleuteld."),
        new("tr", ["d.MM.yyyy HH:mm", "d.MM.yyyy a h:mm"], ["d.MM.yyyy HH:mm:ss", "d.MM.yyyy a h:mm:ss"], "0=ÖÖ|12=ÖS", '0', "dosya ekli", "\u0001eklendi", "Medya dahil edilmedi", "görüntü dahil edilmedi", "belge dahil edilmedi",
            "Bu mesaj silindi", "Bu mesaj düzenlendi", "Mesajlar ve aramalar uçtan uca şifrelidir."),
        new("ru", ["dd.MM.yyyy, HH:mm", "dd.MM.yy, HH:mm"], ["dd.MM.yyyy, HH:mm:ss"], "", '0', "файл добавлен", "прикреплено", "Без медиафайлов", "изображение отсутствует", "документ отсутствует",
            "Данное сообщение удалено", "Сообщение изменено", "Сообщения и звонки защищены сквозным шифрованием."),
        new("uk", ["dd.MM.yyyy, HH:mm", "dd.MM.yy, HH:mm"], ["dd.MM.yyyy, HH:mm:ss"], "", '0', "файл додано", "додано", "Медіа пропущено", "зображення відсутнє", "документ пропущено",
            "Це повідомлення було видалено", null, "Повідомлення та дзвінки захищені наскрізним шифруванням."),
        new("pl", ["d.MM.yyyy, HH:mm", "dd.MM.yyyy, HH:mm"], ["d.MM.yyyy, HH:mm:ss"], "", '0', "załączony plik", "załączono", "pliki pominięto", "obraz pominięty", "dokument pominięty",
            "Ta wiadomość została usunięta", null, "Wiadomości i połączenia są w pełni szyfrowane."),
        new("cs", ["dd.MM.yyyy HH:mm", "d. M. yyyy H:mm", "d. M. yyyy h:mm a"], ["dd.MM.yyyy H:mm:ss", "d. M. yyyy H:mm:ss"], "0=dop.|12=odp.", '0', "soubor byl přiložen", "příloha", "Média vynechány", "obrázek vynechán", "dokument vynechán",
            "Tato zpráva byla smazána", null, "Zprávy a hovory jsou koncově šifrované."),
        new("hu", ["yyyy. MM. dd. H:mm", "yyyy. MM. dd., HH:mm", "yyyy. MM. dd. a h:mm"], ["yyyy. MM. dd. H:mm:ss", "yyyy. MM. dd., a h:mm:ss"], "0=de.|12=du.", '0', "fájl csatolva", "csatolva", "Hiányzó médiafájl", "kép küldése sikertelen", "dokumentum kihagyva",
            "Ez az üzenet törlésre került", null, "Az üzenetek és a hívások végpontok közti titkosítással vannak védve."),
        new("sv", ["yyyy-MM-dd HH:mm", "yyyy-MM-dd h:mm a"], ["yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd, HH:mm:ss"], "0=fm|12=em", '0', "bifogad fil", "bifogat", "Media har utelämnats", "bild utesluten", "dokument uteslutet",
            "Det här meddelandet raderades", null, "Meddelanden och samtal är totalsträckskrypterade."),
        new("da", ["dd.MM.yyyy HH.mm", "dd.MM.yy HH.mm"], ["dd.MM.yyyy HH.mm.ss", "dd.MM.yyyy, HH.mm.ss"], "", '0', "fil vedhæftet", "vedhæftet", "Mediefil udeladt", "billede udeladt", "dokument udeladt",
            "Denne besked er blevet slettet", null, "Beskeder og opkald er end-to-end-krypteret."),
        new("fi", ["d.M.yyyy klo H.mm", "d.M.yyyy H.mm"], ["d.M.yyyy klo H.mm.ss", "d.M.yyyy H.mm.ss"], "", '0', "liitetiedosto", "liite", "Media jätetty pois", "ei kuvaa", "dokumenttia ei sisällytetä",
            "Tämä viesti poistettiin", null, "Viestit ja puhelut ovat täysin salattuja."),
        new("el", ["d/M/yy, HH:mm", "d/M/yy, h:mm a"], ["d/M/yy, HH:mm:ss", "d/M/yyyy, h:mm:ss a"], "0=π.μ.|12=μ.μ.", '0', "συνημμένο αρχείο", "επισυνάφθηκε", "Εξαίρεση πολυμέσων", "εικόνα παραλείφθηκε", "έγγραφο παραλείφθηκε",
            "Αυτό το μήνυμα διαγράφηκε", null, "Τα μηνύματα και οι κλήσεις είναι κρυπτογραφημένα από άκρο σε άκρο."),
        new("id", ["dd/MM/yy HH.mm", "dd/MM/yyyy HH.mm"], ["dd/MM/yy HH.mm.ss", "dd/MM/yyyy, HH.mm.ss"], "", '0', "file terlampir", "terlampir", "Media tidak disertakan", "gambar tidak disertakan", "dokumen tidak disertakan",
            "Pesan ini dihapus", null, "Pesan dan panggilan terenkripsi secara end-to-end."),
        new("ar", ["dd\u200F/MM\u200F/yyyy، h:mm a", "dd/MM/yyyy، HH:mm"], ["dd\u200F/MM\u200F/yyyy، h:mm:ss a", "d\u200F/M\u200F/yyyy, HH:mm:ss"], "0=ص|12=م", '\u0660', "الملف مرفق", "المُرفق", "تم استبعاد الوسائط", "لم يتم إدراج الصورة", "لم يتم إدراج المستند",
            "تم حذف هذه الرسالة", null, "الرسائل والمكالمات مشفرة تمامًا بين الطرفين."),
        new("ar-EG", ["d/M/yyyy، h:mm a"], ["d\u200F/M\u200F/yyyy، h:mm:ss a"], "0=ص|12=م", '0', "الملف مرفق", "المُرفق", "تم استبعاد الوسائط", "لم يتم إدراج الصورة", "لم يتم إدراج المستند",
            "تم حذف هذه الرسالة", null, "الرسائل والمكالمات مشفرة تمامًا بين الطرفين."),
        new("fa", ["yyyy/MM/dd،\u200F HH:mm", "yyyy/M/d،\u200F h:mm a"], ["yyyy/M/d،\u200F HH:mm:ss"], "0=ق.ظ.|12=ب.ظ.", '\u06F0', "فایل پیوست شد {0}", "پیوست", "پيوست نما/آهنگ حذف شد", "تصویر حذف شد", "سند حذف شد",
            "این پیام حذف شده است", null, "پیام‌ها و تماس‌ها رمزگذاری سرتاسری شده‌اند."),
        new("he", ["d.M.yyyy, HH:mm", "dd/MM/yyyy, HH:mm"], ["d.M.yyyy, H:mm:ss", "dd/MM/yyyy, H:mm:ss"], "", '0', "קובץ מצורף", "מצורף", "מדיה הושמטה", "התמונה הושמטה", "מסמך הושמט",
            "הודעה זו נמחקה", null, "ההודעות והשיחות מוצפנות מקצה לקצה."),
        new("hi", ["d/M/yyyy, h:mm a", "dd/MM/yy, h:mm a"], ["dd/MM/yy, h:mm:ss a"], "0=am|12=pm", '0', "फाइल अटैच कर दी गई है", "अटैच किया गया", "मीडिया के बिना", "फ़ोटो हटाई गई", "डॉक्यूमेंट छोड़ा गया",
            "यह मैसेज डिलीट कर दिया गया है", null, "मैसेज और कॉल एंड-टू-एंड एन्क्रिप्टेड हैं."),
        new("mr", ["d/M/yyyy, h:mm a"], ["d/M/yyyy, h:mm:ss a"], "0=म.पू.|12=म.उ.", '\u0966', "फाइल संलग्न", "संलग्न केले", "मीडिया वगळले", "इमेज वगळली", "डॉक्युमेंट वगळले",
            "हा मेसेज हटवण्यात आला", null, "मेसेजेस आणि कॉल्स एंड-टू-एंड एन्क्रिप्टेड आहेत."),
        new("bn", ["d/M/yy, h:mm a"], ["d/M/yy, h:mm:ss a"], "0=AM|12=PM", '\u09E6', "ফাইল সংযুক্ত হয়েছে", "attached", "মিডিয়া বাদ দেওয়া হয়েছে", "ইমেজ বাদ দেওয়া হয়েছে", "ডকুমেন্ট বাদ দেওয়া হয়েছে",
            "এই মেসেজটি বাদ দেওয়া হয়েছে", null, "মেসেজ ও কল প্রান্ত-থেকে-প্রান্ত এনক্রিপ্ট করা থাকে।"),
        new("ur", ["d/M/yyyy، h:mm a"], ["d/M/yyyy، h:mm:ss a"], "0=ق.د.|12=ب.د.", '\u06F0', "پیوستہ فائل", "پیوستہ", "میڈیا چھوڑ دیا گیا", "تصویر نکال دی گئی ہے", "دستاویز نظرانداز",
            "یہ میسج حذف کر دیا گیا ہے", null, "میسجز اور کالز سرے سے سرے تک خفیہ ہیں۔"),
        new("ja", ["yyyy/MM/dd HH:mm", "yyyy/MM/dd aK:mm"], ["yyyy/MM/dd H:mm:ss", "yyyy/MM/dd aK:mm:ss", "yyyy年MM月dd日 H:mm:ss"], "0=午前|12=午後", '0', "添付ファイル有り", "添付ファイル", "メディアは含まれていません", "画像は含まれていません", "ドキュメントは含まれていません",
            "このメッセージは削除されました", null, "メッセージと通話はエンドツーエンドで暗号化されています。"),
        new("zh-CN", ["yyyy/M/d HH:mm", "yyyy/M/d ah:mm", "yyyy年M月d日 ah:mm"], ["yyyy/M/d HH:mm:ss", "yyyy/M/d ah:mm:ss"], Chinese, '0', "文件附件", "附件", "省略多媒体文件", "照片已忽略", "文档已省略",
            "这条消息已被删除", null, "消息和通话都进行端到端加密。"),
        new("zh-TW", ["yyyy/M/d ah:mm", "yyyy/M/d HH:mm"], ["yyyy/M/d ah:mm:ss"], "0=凌晨|5=清晨|8=上午|12=中午|13=下午|18=晚上", '0', "附件檔案", "附件", "忽略多媒體檔", "圖像已省略", "文件已略去",
            "此訊息已刪除", null, "訊息和通話經端對端加密。"),
        new("ko", ["yyyy. M. d. a h:mm", "yyyy. M. d. HH:mm"], ["yyyy. M. d. a h:mm:ss", "yy. M. d. a h:mm:ss"], "0=오전|12=오후", '0', "파일 첨부됨", "첨부됨", "미디어 파일을 생략한 대화내용", "이미지 생략됨", "문서 생략됨",
            "이 메시지는 삭제되었습니다", null, "메시지와 통화는 종단간 암호화됩니다."),
        new("vi", ["HH:mm, d/M/yyyy", "h:mm a, d/M/yyyy"], ["HH:mm:ss, d/M/yyyy", "HH:mm:ss d/M/yyyy"], "0=SA|12=CH", '0', "tệp đính kèm", "đính kèm", "Bỏ qua Media", "đã bỏ qua hình ảnh", "đã bỏ qua tài liệu",
            "Tin nhắn này đã bị xóa", null, "Tin nhắn và cuộc gọi được mã hóa đầu cuối."),
        new("th", ["d/M/yyyy HH:mm", "d/M/yy HH:mm"], ["d/M/yyyy HH:mm:ss"], "", '0', "ไฟล์ที่แนบ", "แนบ", "สื่อถูกลบ", "ไม่มีรูปภาพ", "ละเว้นเอกสาร",
            "ข้อความนี้ถูกลบแล้ว", null, "ข้อความและการโทรถูกเข้ารหัสจากต้นทางถึงปลายทาง"),
        new("ms", ["dd/MM/yyyy, h:mm a", "dd/MM/yy, HH:mm"], ["dd/MM/yyyy, h:mm:ss a"], "0=PG|12=PTG", '0', "fail dilampirkan", "dilampir", "Media disingkirkan", "imej tidak dimasukkan", "dokumen tidak dimasukkan",
            "Mesej ini telah dipadam", null, "Mesej dan panggilan disulitkan hujung ke hujung."),
    ];
}
